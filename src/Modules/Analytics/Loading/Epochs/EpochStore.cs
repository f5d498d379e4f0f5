using Bxb.Analytics.Schema;
using Bxb.ClickHouse;

namespace Bxb.Analytics.Loading.Epochs;

/// <summary>
/// Begins epochs in <c>loader_epochs</c>. A new epoch ends the earlier ones of its partition and of conflicting partitions, on any host: their later inserts are refused and their
/// running inserts are killed. Thread-safe.
/// </summary>
/// <remarks>
/// An epoch is a row whose number is higher than all others. Two epochs that begin at once can get the same number. Then the greater owner name wins in every condition, and the other
/// caller gets an <see cref="EpochRefusedException"/> before it loads anything.
/// </remarks>
internal sealed class EpochStore : IDisposable
{
    private const string Insert = "INSERT INTO loader_epochs SELECT {name:String}, max(epoch) + 1, {nextOwner:String}, now64(3) FROM loader_epochs";

    /// <summary>The partition and its conflicting partitions, without the rows of <see cref="LoadingPause"/>.</summary>
    private const string ConflictingPartitions = $"{EpochConditions.Conflicting} AND NOT startsWith(partition, '{LoadingPause.NamePrefix}')";

    private const string Inspect = $"""
        SELECT argMaxIf(owner, (epoch, owner), {EpochConditions.Conflicting}), groupUniqArrayIf(partition, {ConflictingPartitions}), toInt64({LoadingPause.AgeInSeconds}) FROM loader_epochs
        """;

    private readonly ClickHouseClient _client;
    private readonly LoadingPause _pause;
    private readonly CoalescedCall<bool> _ensureSchema;
    private readonly CoalescedCall<long> _readHighest;

    public EpochStore(ClickHouseClient client, AnalyticsSchema schema, LoadingPause pause, AnalyticsInstruments instruments)
    {
        (_client, _pause) = (client, pause);
        Checkpoints = new CheckpointStore(client, instruments);
        Queries = new InsertQueries(client);
        _ensureSchema = new CoalescedCall<bool>(schema.EnsureAsync);
        _readHighest = new CoalescedCall<long>(cancellationToken => ReadHighestPositionAsync(AnalyticsSchema.LiveTable, cancellationToken));
    }

    internal CheckpointStore Checkpoints { get; }

    internal InsertQueries Queries { get; }

    /// <summary>Begins an epoch. After it returns, no insert of an earlier epoch can change the table, so the checkpoint and the highest position stay true for the partition.</summary>
    /// <exception cref="EpochRefusedException">No epoch can begin now.</exception>
    internal async Task<Epoch> BeginAsync(LoadPartition partition, CancellationToken cancellationToken)
    {
        var isEmbedded = await _ensureSchema.InvokeAsync(cancellationToken);
        return await BeginAsync(partition, new ClickHouseStatement(Insert), isEmbedded, cancellationToken);
    }

    /// <summary>Begins the next epoch of this host, if the present one is current.</summary>
    /// <exception cref="ClickHouseException">Code <see cref="EpochConditions.EndedCode"/>: the epoch has ended, or the data directory is another one.</exception>
    /// <exception cref="EpochRefusedException">No epoch can begin now.</exception>
    internal Task<Epoch> ContinueAsync(Epoch epoch, CancellationToken cancellationToken) => BeginAsync(
        epoch.Partition, EpochConditions.Bind(new ClickHouseStatement($"{Insert} WHERE {EpochConditions.IsCurrent}"), epoch), epoch.Instance is not null, cancellationToken);

    /// <summary>Returns the checkpoint of a partition; creates the tables if they are missing.</summary>
    internal async Task<long> ReadCheckpointAsync(LoadPartition partition, CancellationToken cancellationToken)
    {
        await _ensureSchema.InvokeAsync(cancellationToken);
        return await Checkpoints.ReadAsync(partition, cancellationToken);
    }

    /// <summary>Kills all running inserts into the live table and waits until they have ended. Call it during a <see cref="LoadingPause"/>, which refuses new ones.</summary>
    internal async Task KillAllAsync(CancellationToken cancellationToken)
    {
        var statement = new ClickHouseStatement($"SELECT groupUniqArray(partition) FROM loader_epochs WHERE {ConflictingPartitions}");
        await using var rows = await _client.QueryAsync(EpochConditions.Bind(statement, LoadPartition.Log), cancellationToken);
        await rows.ReadOneAsync();
        await Queries.KillAsync(rows.GetStrings(0), cancellationToken);
    }

    /// <summary>Returns the highest position in a table, or 0.</summary>
    internal async Task<long> ReadHighestPositionAsync(string table, CancellationToken cancellationToken)
    {
        await using var rows = await _client.QueryAsync(new ClickHouseStatement($"SELECT max(position) FROM {table}"), cancellationToken);
        return await rows.ReadOneAsync() ? rows.GetInt64(0) : 0;
    }

    public void Dispose()
    {
        _ensureSchema.Dispose();
        _readHighest.Dispose();
    }

    private async Task<Epoch> BeginAsync(LoadPartition partition, ClickHouseStatement insert, bool isEmbedded, CancellationToken cancellationToken)
    {
        // First the row that refuses further inserts of others, then the end of those that were accepted before it.
        var owner = Guid.NewGuid().ToString("N");
        await _client.ExecuteAsync(insert.With("name", partition.Name).With("nextOwner", owner), cancellationToken);
        var instance = isEmbedded ? _client.ServerInstance : null;
        var conflicting = await InspectAsync(partition, owner, cancellationToken);

        // Each rebuild leaves one more name of a copy, and all copies conflict: one kill by their common prefix.
        var isLive = partition.Table == AnalyticsSchema.LiveTable;
        await (isLive ? Queries.KillAsync(conflicting, cancellationToken) : Queries.KillByPrefixAsync(partition.ConflictPrefix, cancellationToken));
        var checkpoint = await Checkpoints.ReadAsync(partition, cancellationToken);
        var highest = isLive ? await _readHighest.InvokeAsync(cancellationToken) : await ReadHighestPositionAsync(partition.Table, cancellationToken);
        return new Epoch(partition, owner, instance, checkpoint, highest);
    }

    /// <summary>Checks that the epoch is current and that no exchange is in progress.</summary>
    /// <returns>The partitions whose running inserts must be killed, including this one.</returns>
    private async Task<IReadOnlyCollection<string>> InspectAsync(LoadPartition partition, string owner, CancellationToken cancellationToken)
    {
        await using var rows = await _client.QueryAsync(EpochConditions.Bind(new ClickHouseStatement(Inspect), partition), cancellationToken);
        await rows.ReadOneAsync();
        if (partition.Table == AnalyticsSchema.LiveTable && rows.GetInt64(2) is >= 0 and var seconds)
        {
            if (TimeSpan.FromSeconds(seconds) > LoadingPause.MaxDuration)
            {
                await _pause.EndAbandonedAsync(cancellationToken);
            }

            throw new EpochRefusedException("The table usage is being exchanged for its copy.");
        }

        return rows.GetString(0) == owner ? rows.GetStrings(1) : throw new EpochRefusedException($"Another loader began an epoch of {partition.Name} at the same moment.");
    }
}

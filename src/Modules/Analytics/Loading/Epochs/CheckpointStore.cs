using System.Diagnostics;
using Bxb.ClickHouse;

namespace Bxb.Analytics.Loading.Epochs;

/// <summary>
/// The checkpoint of each partition: all its events up to this position are in the table and on disk. Stored in ClickHouse, so that it is always as old as the rows. Thread-safe.
/// </summary>
/// <remarks>The column <c>group</c> of <c>loader_checkpoints</c> holds the partition's name. It keeps its old name, because ClickHouse cannot rename a sorting key.</remarks>
internal sealed class CheckpointStore(ClickHouseClient client, AnalyticsInstruments instruments)
{
    // Partitions whose epoch has ended are left out; the checkpoints of the others are valid all the same.
    private const string Insert = $$"""
        INSERT INTO loader_checkpoints
        SELECT c.1, c.2, now64(3) FROM (SELECT arrayJoin(arrayZip({partitions:Array(String)}, {positions:Array(Int64)})) AS c) WHERE c.1 IN ({{EpochConditions.CurrentPartitions}})
        """;

    /// <summary>Syncs the data directory once and stores a checkpoint for every partition that has loaded something since its last one. Does nothing if there is none.</summary>
    /// <exception cref="ClickHouseException">A statement failed, or its outcome is unknown.</exception>
    internal async Task StoreAsync(IEnumerable<EpochSession> partitions, CancellationToken cancellationToken)
    {
        var due = partitions.Select(p => (Session: p, p.Uncheckpointed)).Where(p => p.Uncheckpointed is not null)
            .Select(p => (p.Session, p.Uncheckpointed!.Value.Epoch, p.Uncheckpointed.Value.Position)).ToList();
        if (due.Count == 0)
        {
            return;
        }

        var begun = Stopwatch.GetTimestamp();
        await client.SyncAsync(cancellationToken);

        // A restarted engine may have lost what it acknowledged before. The next batch of the partition rewinds it.
        due.RemoveAll(d => d.Epoch.Instance is { } instance && instance != client.ServerInstance);
        if (due.Count == 0)
        {
            return;
        }

        await InsertAsync([.. due.Select(d => (d.Epoch, d.Position))], cancellationToken);
        foreach (var (session, epoch, position) in due)
        {
            session.OnCheckpoint(epoch, position);
        }

        instruments.Checkpointed(Stopwatch.GetElapsedTime(begun));
    }

    /// <summary>Returns the checkpoint of a partition.</summary>
    /// <remarks>The log's checkpoint holds for every partition of a topic too. A partition's checkpoint says nothing about the log.</remarks>
    internal async Task<long> ReadAsync(LoadPartition partition, CancellationToken cancellationToken)
    {
        var statement = new ClickHouseStatement("SELECT max(position) FROM loader_checkpoints WHERE `group` IN ({partition:String}, {conflictPrefix:String})")
            .With("partition", partition.Name).With("conflictPrefix", partition.ConflictPrefix);
        await using var rows = await client.QueryAsync(statement, cancellationToken);
        return await rows.ReadOneAsync() ? rows.GetInt64(0) : 0;
    }

    /// <summary>Returns the checkpoints of several partitions, in their order, by one query.</summary>
    internal async Task<IReadOnlyList<long>> ReadAsync(IReadOnlyCollection<LoadPartition> partitions, CancellationToken cancellationToken)
    {
        var statement = new ClickHouseStatement("SELECT `group`, max(position) FROM loader_checkpoints WHERE `group` IN ({partitions:Array(String)}) GROUP BY `group`")
            .With("partitions", [.. partitions.SelectMany(p => (string[])[p.Name, p.ConflictPrefix]).Distinct(StringComparer.Ordinal)]);
        await using var rows = await client.QueryAsync(statement, cancellationToken);
        var checkpoints = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await rows.ReadAsync())
        {
            checkpoints[rows.GetString(0)] = rows.GetInt64(1);
        }

        return [.. partitions.Select(p => Math.Max(checkpoints.GetValueOrDefault(p.Name), checkpoints.GetValueOrDefault(p.ConflictPrefix)))];
    }

    private Task InsertAsync(IReadOnlyCollection<(Epoch Epoch, long Position)> checkpoints, CancellationToken cancellationToken) => client.ExecuteAsync(
        EpochConditions.Bind(new ClickHouseStatement(Insert), [.. checkpoints.Select(c => c.Epoch)]).With("positions", [.. checkpoints.Select(c => c.Position)]), cancellationToken);
}

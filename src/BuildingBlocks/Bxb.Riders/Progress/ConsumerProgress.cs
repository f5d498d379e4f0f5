using System.Data.Common;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders.Progress;

/// <summary>The groups' progress and batch edges in PostgreSQL. Every write must match the owner's epoch; after a take-over it changes nothing. Thread-safe.</summary>
/// <remarks>
/// A cancelled write may have been stored or not. Both are correct: progress is written only for finished work, edges only before work. Writes are durable when they
/// return (synchronous_commit stays on); otherwise a batch could be repeated with other edges after a crash of the server.
/// </remarks>
internal sealed class ConsumerProgress(NpgsqlDataSource database, IOptions<RidersOptions> options)
{
    private const string Store = """
        update event_log.consumer_groups
        set progress = $4, next_offset = $5, in_flight_first = $6, in_flight_last = $7, in_flight_first_offset = $8, in_flight_last_offset = $9, repeat_until = $10,
            last_record = greatest(last_record, $11), error = null, confirmed_at = clock_timestamp(), updated_at = clock_timestamp()
        where group_name = $1 and partition = $2 and owner_epoch = $3
        """;

    private const string StoreWithin = """
        update event_log.consumer_groups
        set next_offset = case when progress < $4 then $5 else next_offset end, progress = greatest(progress, $4), last_record = greatest(last_record, $4),
            confirmed_at = clock_timestamp(), updated_at = clock_timestamp()
        where group_name = $1 and partition = $2 and owner_epoch = $3
        """;

    private const string StoreError = """
        update event_log.consumer_groups set error = $4, updated_at = clock_timestamp()
        where group_name = $1 and partition = $2 and owner_epoch = $3
        """;

    private const string Compared = """
        update event_log.consumer_groups set compared_epoch = owner_epoch, confirmed_at = clock_timestamp()
        where group_name = $1 and partition = $2 and owner_epoch = $3
        """;

    // Locked rows are skipped, so that a consumer's long transaction does not block other partitions: the write that holds the lock confirms the row too. Released rows stay released.
    private const string Confirm = """
        with held as (
            select g.group_name, g.partition
            from event_log.consumer_groups g
            join unnest($1::text[], $2::integer[], $3::bigint[]) h(group_name, partition, epoch)
                on g.group_name = h.group_name and g.partition = h.partition and g.owner_epoch = h.epoch
            where g.confirmed_at is not null
            for no key update of g skip locked)
        update event_log.consumer_groups g set confirmed_at = clock_timestamp() from held where g.group_name = held.group_name and g.partition = held.partition
        """;

    private const string Release = "update event_log.consumer_groups set confirmed_at = null where group_name = $1 and partition = $2 and owner_epoch = $3";

    private const string Read = """
        select group_name, partition, stream, progress, coalesce(next_offset, -1), last_record, owner, error,
            coalesce(confirmed_at > clock_timestamp() - $2::interval, false), coalesce(compared_epoch = owner_epoch, false)
        from event_log.consumer_groups where $1::text is null or group_name = $1 order by group_name, partition
        """;

    /// <summary>Stores progress, and in the same statement the edges of the next batch, if there is one.</summary>
    /// <param name="owned">The writer's ownership.</param>
    /// <param name="progress">Everything up to it is processed.</param>
    /// <param name="lastRecord">The last processed record; 0 for none since the take-over.</param>
    /// <param name="next">The edges of the next batch.</param>
    /// <param name="repeatUntil">Everything up to this position was delivered before.</param>
    /// <param name="cancellationToken">Ends the call; the progress may have been stored.</param>
    /// <returns>False when another host owns the partition: nothing was written.</returns>
    public async Task<bool> StoreAsync(
        PartitionOwnership owned, Checkpoint progress, long lastRecord, BatchEdges? next, long repeatUntil, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Store);
        AddOwnership(command, owned);
        command.Parameters.Add(new() { Value = progress.Position });
        command.Parameters.Add(Offset(progress.Offset));
        command.Parameters.Add(Bigint(next?.First));
        command.Parameters.Add(Bigint(next?.Last));
        command.Parameters.Add(Offset(next?.FirstOffset));
        command.Parameters.Add(Offset(next?.LastOffset));
        command.Parameters.Add(Bigint(repeatUntil > progress.Position ? repeatUntil : null));
        command.Parameters.Add(new() { Value = lastRecord });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Stores progress in a transaction of the consumer; it never decreases by this call.</summary>
    /// <returns>False when another host owns the partition: the transaction must not be committed.</returns>
    public static async Task<bool> StoreWithinAsync(DbTransaction transaction, PartitionOwnership owned, Checkpoint progress, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(StoreWithin, (NpgsqlConnection)transaction.Connection!, (NpgsqlTransaction)transaction);
        AddOwnership(command, owned);
        command.Parameters.Add(new() { Value = progress.Position });
        command.Parameters.Add(Offset(progress.Offset));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Stores the current failure for other hosts to see.</summary>
    /// <returns>False when another host owns the partition.</returns>
    public async Task<bool> StoreErrorAsync(PartitionOwnership owned, string? error, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(StoreError);
        AddOwnership(command, owned);
        command.Parameters.Add(new() { Value = (object?)error ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Stores that the owner has compared the consumer's store with the progress: from now on the store holds everything up to the progress.</summary>
    /// <returns>False when another host owns the partition.</returns>
    public async Task<bool> StoreComparedAsync(PartitionOwnership owned, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Compared);
        AddOwnership(command, owned);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Confirms for other hosts that this one reads the partitions. Partitions with a newer epoch are skipped.</summary>
    public async Task ConfirmAsync(IReadOnlyCollection<PartitionOwnership> owned, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Confirm);
        command.Parameters.Add(new() { Value = owned.Select(o => o.Group).ToArray() });
        command.Parameters.Add(new() { Value = owned.Select(o => o.Partition).ToArray() });
        command.Parameters.Add(new() { Value = owned.Select(o => o.Epoch).ToArray() });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Stores that this host no longer reads a partition. Changes nothing when another host owns it.</summary>
    public async Task ReleaseAsync(PartitionOwnership owned, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Release);
        AddOwnership(command, owned);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The stored partitions of a group, or of all groups, ordered by group and number. A group that never had an owner has none.</summary>
    /// <param name="group">The group; null for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<PartitionRow>> ReadAsync(string? group, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Read);
        command.Parameters.Add(new() { Value = (object?)group ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = options.Value.OwnerSilence, NpgsqlDbType = NpgsqlDbType.Interval });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<PartitionRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new(
                reader.GetString(0), reader.GetInt32(1), reader.GetString(2), new(reader.GetInt64(3), reader.GetInt64(4)), reader.GetInt64(5), reader.GetString(6), reader.GetValue(7) as string,
                reader.GetBoolean(8), reader.GetBoolean(9)));
        }

        return rows;
    }

    /// <summary>Adds the parameters $1 to $3 that every fenced write starts with.</summary>
    internal static void AddOwnership(NpgsqlCommand command, PartitionOwnership owned)
    {
        command.Parameters.Add(new() { Value = owned.Group });
        command.Parameters.Add(new() { Value = owned.Partition });
        command.Parameters.Add(new() { Value = owned.Epoch });
    }

    internal static NpgsqlParameter Bigint(long? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };

    internal static NpgsqlParameter Offset(long? value) => Bigint(value is >= 0 ? value : null);
}

using System.Data.Common;
using Bxb.Riders.Transport;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders.Progress;

/// <summary>The groups' progress and batch edges in PostgreSQL. Every write names the owner's epoch and does nothing when somebody else has taken over since. Thread-safe.</summary>
/// <remarks>
/// A cancelled write may have been done or not; either is sound: progress is written only for finished work, edges only before work. Writes are durable when they
/// return (synchronous_commit stays on), or a batch could be repeated with other edges after the server crashed.
/// </remarks>
internal sealed class ConsumerProgress(NpgsqlDataSource database)
{
    private const string Store = """
        update event_log.consumer_groups
        set progress = $4, next_offset = $5, in_flight_first = $6, in_flight_last = $7, in_flight_first_offset = $8, in_flight_last_offset = $9, repeat_until = $10,
            resume_at = $11, resume_offset = $12, replay_until = coalesce($13, replay_until), replay_events = $14, error = null, updated_at = clock_timestamp()
        where group_name = $1 and partition = $2 and owner_epoch = $3
        """;

    private const string StoreWithin = """
        update event_log.consumer_groups
        set next_offset = case when progress < $4 then $5 else next_offset end, progress = greatest(progress, $4), updated_at = clock_timestamp()
        where group_name = $1 and partition = $2 and owner_epoch = $3
        """;

    private const string StoreError = """
        update event_log.consumer_groups set error = $4, updated_at = clock_timestamp()
        where group_name = $1 and partition = $2 and owner_epoch = $3
        """;

    private const string Read = """
        select partition, coalesce(resume_at, progress), coalesce(case when resume_at is null then next_offset else resume_offset end, -1), owner, error
        from event_log.consumer_groups where group_name = $1 order by partition
        """;

    private const string Names = "select distinct group_name from event_log.consumer_groups";

    /// <summary>Commits progress, and in the same statement the edges of the batch that comes next, if there is one.</summary>
    /// <returns>False when the epoch is over: somebody else owns the partition, and nothing was written.</returns>
    public async Task<bool> StoreAsync(
        PartitionOwnership owned, ReadMark progress, BatchEdges? next, long repeatUntil, LaneReplay? replay, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Store);
        Name(command, owned);
        command.Parameters.Add(new() { Value = progress.Position });
        command.Parameters.Add(Offset(progress.Offset));
        command.Parameters.Add(Bigint(next?.First));
        command.Parameters.Add(Bigint(next?.Last));
        command.Parameters.Add(Offset(next?.FirstOffset));
        command.Parameters.Add(Offset(next?.LastOffset));
        command.Parameters.Add(Bigint(repeatUntil > progress.Position ? repeatUntil : null));
        command.Parameters.Add(Bigint(replay?.Resume.Position));
        command.Parameters.Add(Offset(replay?.Resume.Offset));
        command.Parameters.Add(Bigint(replay?.Until));
        command.Parameters.Add(new() { Value = replay?.Events ?? 0L });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Commits progress with a transaction of the consumer's own; it never goes back by this.</summary>
    /// <returns>False when the epoch is over: the transaction must not be committed.</returns>
    public static async Task<bool> StoreWithinAsync(DbTransaction transaction, PartitionOwnership owned, ReadMark progress, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(StoreWithin, (NpgsqlConnection)transaction.Connection!, (NpgsqlTransaction)transaction);
        Name(command, owned);
        command.Parameters.Add(new() { Value = progress.Position });
        command.Parameters.Add(Offset(progress.Offset));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Writes down for other hosts why the group does not get on.</summary>
    /// <returns>False when the epoch is over; always worth asking before a batch is tried again.</returns>
    public async Task<bool> StoreErrorAsync(PartitionOwnership owned, string? error, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(StoreError);
        Name(command, owned);
        command.Parameters.Add(new() { Value = (object?)error ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>A group's partitions; none when it never had an owner.</summary>
    public async Task<IReadOnlyList<PartitionRow>> ReadAsync(string group, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Read);
        command.Parameters.Add(new() { Value = group });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<PartitionRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new(reader.GetInt32(0), new(reader.GetInt64(1), reader.GetInt64(2)), reader.GetString(3), reader.GetValue(4) as string));
        }

        return rows;
    }

    /// <summary>The groups that ever had an owner.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Names);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var names = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    internal static void Name(NpgsqlCommand command, PartitionOwnership owned)
    {
        command.Parameters.Add(new() { Value = owned.Group });
        command.Parameters.Add(new() { Value = owned.Partition });
        command.Parameters.Add(new() { Value = owned.Epoch });
    }

    internal static NpgsqlParameter Bigint(long? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };

    internal static NpgsqlParameter Offset(long? value) => Bigint(value is >= 0 ? value : null);
}

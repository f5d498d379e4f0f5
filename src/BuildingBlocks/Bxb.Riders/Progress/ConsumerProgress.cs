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
        set progress = $4, in_flight_first = $5, in_flight_last = $6, repeat_until = $7, error = null, updated_at = clock_timestamp()
        where group_name = $1 and partition = $2 and owner_epoch = $3
        """;

    private const string StoreError = """
        update event_log.consumer_groups set error = $4, updated_at = clock_timestamp()
        where group_name = $1 and partition = $2 and owner_epoch = $3
        """;

    private const string TakeOver = """
        update event_log.consumer_groups set owner = $3, owner_epoch = owner_epoch + 1, error = null, updated_at = clock_timestamp()
        where group_name = $1 and partition = $2
        returning progress, in_flight_first, in_flight_last, coalesce(repeat_until, 0), owner_epoch
        """;

    private const string Begin = """
        insert into event_log.consumer_groups (group_name, partition, progress, owner, owner_epoch) values ($1, $2, $4, $3, 0) on conflict do nothing
        """;

    private const string Read = "select min(progress), max(owner), max(error) from event_log.consumer_groups where group_name = $1";

    private const string Names = "select distinct group_name from event_log.consumer_groups";

    /// <summary>Makes this host the owner: from the commit on, no earlier owner can write.</summary>
    public async Task<StoredProgress> TakeOverAsync(
        string group, int partition, string owner, Func<CancellationToken, ValueTask<long>> findStart, CancellationToken cancellationToken)
    {
        if (await TryTakeOverAsync(group, partition, owner, cancellationToken) is { } stored)
        {
            return stored;
        }

        var start = await findStart(cancellationToken);
        await using (var begin = Command(Begin, group, partition))
        {
            begin.Parameters.Add(new() { Value = owner });
            begin.Parameters.Add(new() { Value = start });
            await begin.ExecuteNonQueryAsync(cancellationToken);
        }

        var begun = await TryTakeOverAsync(group, partition, owner, cancellationToken)
            ?? throw new InvalidOperationException($"The progress of consumer group {group} vanished while it was taken over.");
        return begun with { IsNew = true };
    }

    /// <summary>Commits progress, and in the same statement the edges of the batch that comes next, if there is one.</summary>
    /// <returns>False when the epoch is over: somebody else owns the partition, and nothing was written.</returns>
    public async Task<bool> StoreAsync(PartitionOwnership owned, long progress, BatchEdges? next, long repeatUntil, CancellationToken cancellationToken)
    {
        await using var command = Command(Store, owned.Group, owned.Partition);
        command.Parameters.Add(new() { Value = owned.Epoch });
        command.Parameters.Add(new() { Value = progress });
        command.Parameters.Add(Bigint(next?.First));
        command.Parameters.Add(Bigint(next?.Last));
        command.Parameters.Add(Bigint(repeatUntil > progress ? repeatUntil : null));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Writes down for other hosts why the group does not get on.</summary>
    /// <returns>False when the epoch is over; always worth asking before a batch is tried again.</returns>
    public async Task<bool> StoreErrorAsync(PartitionOwnership owned, string? error, CancellationToken cancellationToken)
    {
        await using var command = Command(StoreError, owned.Group, owned.Partition);
        command.Parameters.Add(new() { Value = owned.Epoch });
        command.Parameters.Add(new() { Value = (object?)error ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>A group's progress, last owner and error; null when it never had an owner.</summary>
    public async Task<(long Progress, string? Owner, string? Error)?> ReadAsync(string group, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Read);
        command.Parameters.Add(new() { Value = group });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) && reader.GetValue(0) is long progress
            ? (progress, reader.GetValue(1) as string, reader.GetValue(2) as string)
            : null;
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

    private async Task<StoredProgress?> TryTakeOverAsync(string group, int partition, string owner, CancellationToken cancellationToken)
    {
        await using var command = Command(TakeOver, group, partition);
        command.Parameters.Add(new() { Value = owner });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        BatchEdges? inFlight = reader.GetValue(1) is long first ? new BatchEdges(first, reader.GetInt64(2)) : null;
        return new StoredProgress(reader.GetInt64(0), inFlight, reader.GetInt64(3), reader.GetInt64(4), IsNew: false);
    }

    private NpgsqlCommand Command(string sql, string group, int partition)
    {
        var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = group });
        command.Parameters.Add(new() { Value = partition });
        return command;
    }

    private static NpgsqlParameter Bigint(long? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };
}

/// <summary>One ownership of one partition: what every write names.</summary>
internal readonly record struct PartitionOwnership(string Group, int Partition, long Epoch);

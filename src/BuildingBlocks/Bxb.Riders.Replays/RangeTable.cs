using System.Data.Common;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.Riders.Replays;

/// <summary>The ranges that partitions deliver again for replays in place. Their owners begin and end them, and store their progress. Thread-safe.</summary>
internal sealed partial class RangeTable(NpgsqlDataSource database, ILogger<RangeTable> logger) : IRedelivery
{
    private const string Columns = """
        r.replay_id, r.progress, coalesce(r.next_offset, -1), r.until_position, r.in_flight_first, r.in_flight_last, coalesce(r.in_flight_first_offset, -1), coalesce(r.in_flight_last_offset, -1),
            r.events, p.source = 'log'
        """;

    private const string Resume = $"""
        select {Columns} from event_log.replay_ranges r join event_log.replays p on p.id = r.replay_id
            join event_log.consumer_groups g on g.group_name = r.group_name and g.partition = r.partition
        where r.group_name = $1 and r.partition = $2 and r.progress is not null and g.owner_epoch = $3
        """;

    // A cancellation deletes a range that has not begun: then the statement changes nothing. A range that an owner began without noticing that it had lost its lease is found here, too.
    private const string Begin = $"""
        update event_log.replay_ranges r
        set progress = coalesce(r.progress, r.from_position), next_offset = case when r.progress is null then r.from_offset else r.next_offset end
        from event_log.replays p, event_log.consumer_groups g
        where r.group_name = $1 and r.partition = $2 and p.id = r.replay_id and (p.ending is null or r.progress is not null)
            and g.group_name = $1 and g.partition = $2 and g.owner_epoch = $3
        returning {Columns}
        """;

    private const string IsEnding = "select coalesce(bool_or(ending is not null), true) from event_log.replays where id = $1";

    // The owner's row is locked, so that the range cannot be written while another host takes the partition over.
    private const string Owned = """
        with owned as (
            update event_log.consumer_groups set error = null, confirmed_at = clock_timestamp(), updated_at = clock_timestamp()
            where group_name = $1 and partition = $2 and owner_epoch = $3 returning group_name, partition)
        """;

    private const string Match = "r.group_name = owned.group_name and r.partition = owned.partition and r.replay_id = $4";

    private const string Store = $"""
        {Owned}
        update event_log.replay_ranges r
        set progress = $5, next_offset = $6, in_flight_first = $7, in_flight_last = $8, in_flight_first_offset = $9, in_flight_last_offset = $10, events = $11
        from owned where {Match}
        """;

    private const string StoreWithin = $"""
        {Owned}
        update event_log.replay_ranges r set next_offset = case when r.progress < $5 then $6 else r.next_offset end, progress = greatest(r.progress, $5)
        from owned where {Match}
        """;

    private const string End = $"{Owned} delete from event_log.replay_ranges r using owned where {Match}";

    // The replay's row is locked first: when two partitions end at the same time, the second sees that it is the last.
    private const string LockReplay = "select 1 from event_log.replays where id = $1 for update";

    private const string Settle = "update event_log.replays set events = events + $2, reached = least(reached, $3) where id = $1";

    /// <summary>Ends a replay in place, with the requested final state, once no partition has a range in it.</summary>
    internal const string EndIfLast = """
        update event_log.replays p set state = coalesce(ending, 'done'), finished_at = clock_timestamp()
        where id = $1 and target = 'live' and state = 'running' and not exists (select 1 from event_log.replay_ranges r where r.replay_id = p.id)
        """;

    private const string Abandon = """
        update event_log.replays p set state = 'failed', finished_at = clock_timestamp(), reached = least(p.reached, l.reached), events = p.events + l.events,
            error = 'The group is read from another stream now: its transport was changed, or its topic was created anew. Request the replay again.'
        from (
            select r.replay_id, min(coalesce(r.progress, r.from_position)) as reached, sum(r.events)::bigint as events
            from event_log.replay_ranges r join event_log.consumer_groups g using (group_name, partition)
            where r.group_name = $1 and g.stream <> $2 group by r.replay_id) l
        where p.id = l.replay_id and p.state = 'running'
        """;

    public Task<RedeliveryRange?> ResumeAsync(PartitionOwnership owned, CancellationToken cancellationToken) => FindAsync(Resume, owned, cancellationToken);

    public async Task<RedeliveryRange?> BeginAsync(PartitionOwnership owned, CancellationToken cancellationToken)
    {
        var begun = await FindAsync(Begin, owned, cancellationToken);
        if (begun is { } range)
        {
            LogBegun(logger, owned.Group, owned.Partition, range.Id, range.Progress.Position, range.Until, range.FromLog ? "the event log" : "the transport");
        }

        return begun;
    }

    public async Task<bool> IsWithdrawnAsync(PartitionOwnership owned, RedeliveryRange range, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(IsEnding);
        command.Parameters.Add(ConsumerProgress.Bigint(range.Id));
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task<bool> StoreAsync(PartitionOwnership owned, RedeliveryRange range, BatchEdges? next, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Store);
        AddProgress(command, owned, range, range.Progress);
        command.Parameters.Add(ConsumerProgress.Bigint(next?.First));
        command.Parameters.Add(ConsumerProgress.Bigint(next?.Last));
        command.Parameters.Add(ConsumerProgress.Offset(next?.FirstOffset));
        command.Parameters.Add(ConsumerProgress.Offset(next?.LastOffset));
        command.Parameters.Add(ConsumerProgress.Bigint(range.Events));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    public async Task<bool> StoreWithinAsync(DbTransaction transaction, PartitionOwnership owned, RedeliveryRange range, Checkpoint progress, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(StoreWithin, (NpgsqlConnection)transaction.Connection!, (NpgsqlTransaction)transaction);
        AddProgress(command, owned, range, progress);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Deletes the range and adds what it delivered to the replay. The last partition that does so ends the replay.</summary>
    public async Task<bool> EndAsync(PartitionOwnership owned, RedeliveryRange range, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, LockReplay, range.Id);
        await using (var end = new NpgsqlCommand(End, connection))
        {
            ConsumerProgress.AddOwnership(end, owned);
            end.Parameters.Add(ConsumerProgress.Bigint(range.Id));
            if (await end.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return false;
            }
        }

        await ExecuteAsync(connection, Settle, range.Id, range.Events, range.Progress.Position < range.Until ? range.Progress.Position : null);
        await ExecuteAsync(connection, EndIfLast, range.Id);
        await transaction.CommitAsync(cancellationToken);
        LogEnded(logger, owned.Group, owned.Partition, range.Id, range.Progress.Position, range.Events);
        return true;

        async Task ExecuteAsync(NpgsqlConnection on, string sql, params long?[] values)
        {
            await using var command = new NpgsqlCommand(sql, on);
            command.Parameters.AddRange(values.Select(ConsumerProgress.Bigint).ToArray());
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public async Task AbandonAsync(DbTransaction transaction, string group, string stream, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Abandon, (NpgsqlConnection)transaction.Connection!, (NpgsqlTransaction)transaction)
        {
            Parameters = { new() { Value = group }, new() { Value = stream } },
        };
        if (await command.ExecuteNonQueryAsync(cancellationToken) > 0)
        {
            LogAbandoned(logger, group, stream);
        }
    }

    private static void AddProgress(NpgsqlCommand command, PartitionOwnership owned, RedeliveryRange range, Checkpoint progress)
    {
        ConsumerProgress.AddOwnership(command, owned);
        command.Parameters.Add(ConsumerProgress.Bigint(range.Id));
        command.Parameters.Add(ConsumerProgress.Bigint(progress.Position));
        command.Parameters.Add(ConsumerProgress.Offset(progress.Offset));
    }

    private async Task<RedeliveryRange?> FindAsync(string sql, PartitionOwnership owned, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        ConsumerProgress.AddOwnership(command, owned);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        BatchEdges? inFlight = reader.GetValue(4) is long first ? new BatchEdges(first, reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7)) : null;
        return new RedeliveryRange(
            reader.GetInt64(0), new Checkpoint(reader.GetInt64(1), reader.GetInt64(2)), reader.GetInt64(3), inFlight, reader.GetInt64(8), reader.GetBoolean(9));
    }

    [LoggerMessage(2060, LogLevel.Error, "Consumer group {Group} is read from stream {Stream} from now on; its replay on another stream has failed.")]
    private static partial void LogAbandoned(ILogger logger, string group, string stream);

    [LoggerMessage(2062, LogLevel.Information, "Consumer group {Group} begins replay {Replay} on partition {Partition}: after position {From} up to {Until}, from {Source}.")]
    private static partial void LogBegun(ILogger logger, string group, int partition, long replay, long from, long until, string source);

    [LoggerMessage(2063, LogLevel.Information, "Consumer group {Group} ends replay {Replay} on partition {Partition} at position {Reached}, {Events} events.")]
    private static partial void LogEnded(ILogger logger, string group, int partition, long replay, long reached, long events);
}

using Bxb.Riders.Transport;
using Npgsql;

namespace Bxb.Riders.Progress;

/// <summary>What a partition's row requests of its owner.</summary>
internal enum ReplayInstruction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Begin the requested replay.</summary>
    Begin,

    /// <summary>End the replay that this partition has begun.</summary>
    End,
}

/// <summary>The owner's part of a replay in place: begins and ends it in the partition's row. Every write must match the owner's epoch; after a take-over it changes nothing. Thread-safe.</summary>
internal sealed class PartitionReplayStore(NpgsqlDataSource database)
{
    private const string Owned = "g.group_name = $1 and g.partition = $2 and g.owner_epoch = $3";

    private const string Read = $"""
        select g.resume_at is not null, r.ending is not null from event_log.consumer_groups g join event_log.replays r on r.id = g.replay_id where {Owned}
        """;

    // The statement re-evaluates the join when a concurrent cancellation has just removed the replay: then it changes nothing.
    private const string Begin = $"""
        update event_log.consumer_groups g
        set resume_at = progress, resume_offset = next_offset, repeat_until = greatest(repeat_until, progress), replay_until = least(replay_until, progress),
            progress = least(replay_from, progress), next_offset = case when replay_from < progress then replay_from_offset else next_offset end, replay_events = 0,
            updated_at = clock_timestamp()
        from event_log.replays r
        where {Owned} and r.id = g.replay_id and r.ending is null and resume_at is null and in_flight_first is null
        returning g.replay_id, progress, coalesce(next_offset, -1), replay_until, resume_at, coalesce(resume_offset, -1), repeat_until, r.source = 'log'
        """;

    // The replay's row is locked first: when two partitions end at the same time, the second sees that it is the last.
    private const string LockReplay = "select 1 from event_log.replays where id = $1 for update";

    private const string End = $"""
        update event_log.consumer_groups g
        set progress = $4, next_offset = $5, repeat_until = $6, in_flight_first = null, in_flight_last = null, in_flight_first_offset = null, in_flight_last_offset = null,
            replay_id = null, replay_from = null, replay_from_offset = null, replay_until = null, replay_events = 0, resume_at = null, resume_offset = null, error = null,
            updated_at = clock_timestamp()
        where {Owned}
        """;

    private const string Settle = """
        update event_log.replays r set events = events + $2, reached = least(reached, $3)
        where id = $1
        """;

    /// <summary>Ends a replay in place, with the requested final state, once no partition has a range in it.</summary>
    internal const string EndIfLast = """
        update event_log.replays r set state = coalesce(ending, 'done'), finished_at = clock_timestamp()
        where id = $1 and target = 'live' and state = 'running' and not exists (select 1 from event_log.consumer_groups g where g.group_name = r.group_name and g.replay_id = r.id)
        """;

    /// <summary>Reads what the row requests now.</summary>
    public async Task<ReplayInstruction> ReadAsync(PartitionOwnership owned, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Read);
        ConsumerProgress.AddOwnership(command, owned);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return !await reader.ReadAsync(cancellationToken) ? ReplayInstruction.None
            : (reader.GetBoolean(0), reader.GetBoolean(1)) switch
            {
                (false, false) => ReplayInstruction.Begin,
                (true, true) => ReplayInstruction.End,
                _ => ReplayInstruction.None,
            };
    }

    /// <summary>Moves the progress to the start of the replay. The stored progress must be current, with no batch in flight.</summary>
    /// <returns>The new state of the row; null when the request was withdrawn, or another host owns the partition.</returns>
    public async Task<StoredProgress?> BeginAsync(PartitionOwnership owned, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Begin);
        ConsumerProgress.AddOwnership(command, owned);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        var replay = new ReplayRange(reader.GetInt64(0), reader.GetInt64(3), new(reader.GetInt64(4), reader.GetInt64(5)), Events: 0, reader.GetBoolean(7));
        return new StoredProgress(new(reader.GetInt64(1), reader.GetInt64(2)), InFlight: null, reader.GetInt64(6), owned.Epoch, IsNew: false, replay);
    }

    /// <summary>Moves the progress back to the place where live reading continues. The last partition that does so ends the replay.</summary>
    /// <param name="owned">The writer's ownership.</param>
    /// <param name="replay">The partition's range.</param>
    /// <param name="progress">How far the replay has delivered.</param>
    /// <param name="repeatUntil">Everything up to this position was delivered before; 0 for nothing above the place where live reading continues.</param>
    /// <param name="cancellationToken">Ends the call; the write may have been done.</param>
    /// <returns>False when another host owns the partition: nothing was written.</returns>
    public async Task<bool> EndAsync(PartitionOwnership owned, ReplayRange replay, Checkpoint progress, long repeatUntil, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, LockReplay, [ConsumerProgress.Bigint(replay.Id)], cancellationToken);
        await using (var end = new NpgsqlCommand(End, connection))
        {
            ConsumerProgress.AddOwnership(end, owned);
            end.Parameters.Add(new() { Value = replay.Resume.Position });
            end.Parameters.Add(ConsumerProgress.Offset(replay.Resume.Offset));
            end.Parameters.Add(ConsumerProgress.Bigint(repeatUntil > replay.Resume.Position ? repeatUntil : null));
            if (await end.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return false;
            }
        }

        await ExecuteAsync(connection, Settle, [ConsumerProgress.Bigint(replay.Id), ConsumerProgress.Bigint(replay.Events), ConsumerProgress.Bigint(progress.Position < replay.Until ? progress.Position : null)], cancellationToken);
        await ExecuteAsync(connection, EndIfLast, [ConsumerProgress.Bigint(replay.Id)], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

using Bxb.Riders.Transport;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders.Progress;

/// <summary>What a partition's row says about a replay.</summary>
internal enum ReplayInstruction
{
    /// <summary>Nothing new.</summary>
    None,

    /// <summary>A replay was asked for that this partition has not begun.</summary>
    Begin,

    /// <summary>The replay that this partition has begun is to end.</summary>
    End,
}

/// <summary>The owners' side of replays in place. Every write names the owner's epoch and does nothing when somebody else has taken over since. Thread-safe.</summary>
internal sealed class PartitionReplayStore(NpgsqlDataSource database)
{
    private const string Owned = "g.group_name = $1 and g.partition = $2 and g.owner_epoch = $3";

    private const string Look = $"""
        select g.resume_at is not null, r.ending is not null from event_log.consumer_groups g join event_log.replays r on r.id = g.replay_id where {Owned}
        """;

    // The join is looked at again where a request has just taken the replay back: then there is nothing to begin.
    private const string Begin = $"""
        update event_log.consumer_groups g
        set resume_at = progress, resume_offset = next_offset, repeat_until = greatest(repeat_until, progress), replay_until = least(replay_until, progress),
            progress = least(replay_from, progress), next_offset = case when replay_from < progress then replay_from_offset else next_offset end, replay_events = 0,
            updated_at = clock_timestamp()
        from event_log.replays r
        where {Owned} and r.id = g.replay_id and r.ending is null and resume_at is null and in_flight_first is null
        returning g.replay_id, progress, coalesce(next_offset, -1), replay_until, resume_at, coalesce(resume_offset, -1), repeat_until, r.source = 'log'
        """;

    // The replay's row first: of two partitions that end at once, the second sees that it is the last.
    private const string LockReplay = "select 1 from event_log.replays where id = $1 for update";

    private const string Leave = $"""
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

    /// <summary>Ends a replay in place as it is to end, once no partition has a part in it.</summary>
    internal const string EndIfLast = """
        update event_log.replays r set state = coalesce(ending, 'done'), finished_at = clock_timestamp()
        where id = $1 and target = 'live' and state = 'running' and not exists (select 1 from event_log.consumer_groups g where g.group_name = r.group_name and g.replay_id = r.id)
        """;

    /// <summary>What the row says now.</summary>
    public async Task<ReplayInstruction> LookAsync(PartitionOwnership owned, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Look);
        ConsumerProgress.Name(command, owned);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return !await reader.ReadAsync(cancellationToken) ? ReplayInstruction.None
            : (reader.GetBoolean(0), reader.GetBoolean(1)) switch
            {
                (false, false) => ReplayInstruction.Begin,
                (true, true) => ReplayInstruction.End,
                _ => ReplayInstruction.None,
            };
    }

    /// <summary>Goes back to where the replay begins; the progress in the row must be the owner's, with no batch in hand.</summary>
    /// <returns>The row as it is then; null when there is nothing to begin after all, or the epoch is over.</returns>
    public async Task<StoredProgress?> BeginAsync(PartitionOwnership owned, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Begin);
        ConsumerProgress.Name(command, owned);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        var replay = new ReplayRange(reader.GetInt64(0), reader.GetInt64(3), new(reader.GetInt64(4), reader.GetInt64(5)), Events: 0, reader.GetBoolean(7));
        return new StoredProgress(new(reader.GetInt64(1), reader.GetInt64(2)), InFlight: null, reader.GetInt64(6), owned.Epoch, IsNew: false, replay);
    }

    /// <summary>Goes on from where the replay found the partition; the last partition that does so ends the replay.</summary>
    /// <param name="owned">The ownership.</param>
    /// <param name="replay">The partition's part.</param>
    /// <param name="progress">How far it came.</param>
    /// <param name="repeatUntil">Everything up to here was delivered before; 0 for nothing beyond the resume mark.</param>
    /// <param name="cancellationToken">Ends the call; it may have been done.</param>
    /// <returns>False when the epoch is over: nothing was written.</returns>
    public async Task<bool> LeaveAsync(PartitionOwnership owned, ReplayRange replay, Checkpoint progress, long repeatUntil, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, LockReplay, [Bigint(replay.Id)], cancellationToken);
        await using (var leave = new NpgsqlCommand(Leave, connection))
        {
            ConsumerProgress.Name(leave, owned);
            leave.Parameters.Add(new() { Value = replay.Resume.Position });
            leave.Parameters.Add(ConsumerProgress.Offset(replay.Resume.Offset));
            leave.Parameters.Add(Bigint(repeatUntil > replay.Resume.Position ? repeatUntil : null));
            if (await leave.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return false;
            }
        }

        await ExecuteAsync(connection, Settle, [Bigint(replay.Id), Bigint(replay.Events), Bigint(progress.Position < replay.Until ? progress.Position : null)], cancellationToken);
        await ExecuteAsync(connection, EndIfLast, [Bigint(replay.Id)], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter Bigint(long? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };
}

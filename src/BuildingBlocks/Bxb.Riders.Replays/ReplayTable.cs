using Bxb.Riders.Progress;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders.Replays;

/// <summary>The table of replays: requests, lists and cancels them. Thread-safe.</summary>
internal sealed class ReplayTable(NpgsqlDataSource database)
{
    private const string Insert = """
        insert into event_log.replays (group_name, target, source, note, from_position, to_position, estimate)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning id
        """;

    private const string Assign = """
        insert into event_log.replay_ranges (group_name, partition, replay_id, from_position, from_offset, until_position)
        select $1, l.p, $2, l.f, nullif(l.o, -1), l.u from unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[]) as l(p, f, o, u)
        join event_log.consumer_groups g on g.group_name = $1 and g.partition = l.p
        """;

    private const string Columns = """
        select r.id, r.group_name, r.target, r.state, r.ending is not null, r.source, r.note, r.from_position, r.to_position,
            least(coalesce(r.reached, case when r.target = 'live' then r.to_position else r.from_position end), l.reached), r.events + coalesce(l.events, 0), r.estimate, r.started_at,
            r.finished_at, r.error
        from event_log.replays r left join lateral (
            select min(coalesce(g.progress, g.from_position)) as reached, sum(g.events)::bigint as events from event_log.replay_ranges g where g.replay_id = r.id) l on true
        """;

    private const string Find = $"{Columns} where r.group_name = $1 and r.id = $2";

    private const string List = $"{Columns} where ($1::text is null or r.group_name = $1) and (not $2 or r.state in ('running', 'verifying', 'swapping')) order by r.id desc limit 100";

    private const string Cancel = """
        update event_log.replays set ending = coalesce(ending, 'cancelled') where group_name = $1 and id = $2 and state in ('running', 'verifying') returning id
        """;

    // A range that its owner has not begun is withdrawn here.
    private const string Withdraw = "delete from event_log.replay_ranges where group_name = $1 and replay_id = $2 and progress is null";

    private const string NotBegun = "update event_log.replays set reached = from_position where group_name = $1 and id = $2";

    /// <summary>Inserts a replay for its owners to begin.</summary>
    /// <returns>Its number; null when another replay of the group is in progress.</returns>
    public async Task<long?> InsertAsync(string group, ReplayPlan plan, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // No host begins the group's partitions on another stream in between.
        await ExecuteAsync(connection, TakeOver.LockGroup, [Parameter(group, NpgsqlDbType.Text)], cancellationToken);
        await using var insert = new NpgsqlCommand(Insert, connection)
        {
            Parameters =
            {
                Parameter(group, NpgsqlDbType.Text), Parameter(Name(plan.Target), NpgsqlDbType.Text), Parameter(Name(plan.Source), NpgsqlDbType.Text),
                Parameter(plan.Note, NpgsqlDbType.Text), Parameter(plan.From, NpgsqlDbType.Bigint), Parameter(plan.To, NpgsqlDbType.Bigint), Parameter(plan.Estimate, NpgsqlDbType.Bigint),
            },
        };
        if (await insert.ExecuteScalarAsync(cancellationToken) is not long id)
        {
            return null;
        }

        if (plan.Target == ReplayTarget.Live)
        {
            await ExecuteAsync(
                connection, Assign,
                [
                    Parameter(group, NpgsqlDbType.Text), Parameter(id, NpgsqlDbType.Bigint), new() { Value = plan.Ranges.Select(r => r.Partition).ToArray() },
                    new() { Value = plan.Ranges.Select(r => r.From).ToArray() }, new() { Value = plan.Ranges.Select(r => r.FromOffset).ToArray() },
                    new() { Value = plan.Ranges.Select(r => r.Until).ToArray() },
                ],
                cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return id;
    }

    /// <summary>One replay of a group; null when there is none of this number.</summary>
    public async Task<ReplayStatus?> FindAsync(string group, long id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Find);
        command.Parameters.Add(Parameter(group, NpgsqlDbType.Text));
        command.Parameters.Add(Parameter(id, NpgsqlDbType.Bigint));
        return (await ReadAsync(command, cancellationToken)).FirstOrDefault();
    }

    /// <summary>The newest hundred replays, the newest first.</summary>
    /// <param name="group">The group; null for all.</param>
    /// <param name="running">Only those that have not ended.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<ReplayStatus>> ListAsync(string? group, bool running, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(List);
        command.Parameters.Add(Parameter(group, NpgsqlDbType.Text));
        command.Parameters.Add(Parameter(running, NpgsqlDbType.Boolean));
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Requests the end of a replay, and ends it if no partition has begun it.</summary>
    /// <returns>False when it has ended or can no longer be cancelled.</returns>
    public async Task<bool> CancelAsync(string group, long id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        NpgsqlParameter[] Names() => [Parameter(group, NpgsqlDbType.Text), Parameter(id, NpgsqlDbType.Bigint)];
        var known = await ExecuteAsync(connection, Cancel, Names(), cancellationToken) > 0;
        if (known)
        {
            if (await ExecuteAsync(connection, Withdraw, Names(), cancellationToken) > 0)
            {
                await ExecuteAsync(connection, NotBegun, Names(), cancellationToken);
            }

            await ExecuteAsync(connection, RangeTable.EndIfLast, [Parameter(id, NpgsqlDbType.Bigint)], cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return known;
    }

    private static async Task<IReadOnlyList<ReplayStatus>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var replays = new List<ReplayStatus>();
        while (await reader.ReadAsync(cancellationToken))
        {
            replays.Add(Read(reader));
        }

        return replays;
    }

    private static ReplayStatus Read(NpgsqlDataReader reader)
    {
        var (state, events) = (Enum.Parse<ReplayState>(reader.GetString(3), ignoreCase: true), reader.GetInt64(10));
        return new ReplayStatus(
            reader.GetInt64(0), reader.GetString(1), Enum.Parse<ReplayTarget>(reader.GetString(2), ignoreCase: true), state, reader.GetValue(13) is DBNull && reader.GetBoolean(4),
            Enum.Parse<ReplaySource>(reader.GetString(5), ignoreCase: true), reader.GetValue(6) as string, reader.GetInt64(7) + 1, reader.GetInt64(8), reader.GetInt64(9), events,
            state == ReplayState.Done ? events : Math.Max(events, reader.GetInt64(11)), Time(reader.GetDateTime(12)), reader.GetValue(13) is DateTime finished ? Time(finished) : null,
            reader.GetValue(14) as string);
    }

    private static DateTimeOffset Time(DateTime utc) => new(utc, TimeSpan.Zero);

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter Parameter(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}

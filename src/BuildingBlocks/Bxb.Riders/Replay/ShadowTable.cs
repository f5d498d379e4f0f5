using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders.Replay;

/// <summary>A replay into a copy as one host took it up.</summary>
/// <param name="Id">The replay.</param>
/// <param name="Group">The consumer group.</param>
/// <param name="Run">This taking-up; higher than any before.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Ending">Whether it is to end early.</param>
/// <param name="To">The last position that the copy is to hold.</param>
/// <param name="HandedOut">Up to here the copy was given everything at least once.</param>
internal readonly record struct ShadowAttempt(long Id, string Group, long Run, ReplayState State, bool Ending, long To, long HandedOut);

/// <summary>The runners' side of replays into a copy. Every write names the run and throws <see cref="OwnershipLostException"/> when another host has taken the replay up since, or it is to end. Thread-safe.</summary>
internal sealed class ShadowTable(NpgsqlDataSource database)
{
    private const string Mine = "where id = $1 and run = $2";

    private const string Take = """
        update event_log.replays set run = run + 1, error = case when ending is null then null else error end
        where id = $1 and target = 'shadow' and state in ('running', 'verifying', 'swapping') returning group_name, run, state, ending is not null, to_position, handed_out
        """;

    private const string HandOut = $"update event_log.replays set handed_out = $3, events = events + $4 {Mine} and handed_out < $3";

    private const string Reach = $"update event_log.replays set reached = $3, to_position = greatest(to_position, $4), error = null {Mine}";

    private const string Move = $"update event_log.replays set state = $3, reached = $4, to_position = $4 {Mine} and ending is null";

    private const string Trouble = $"update event_log.replays set error = $3 {Mine}";

    private const string Fail = $"update event_log.replays set ending = coalesce(ending, 'failed'), error = $3 {Mine}";

    private const string End = $"update event_log.replays set state = coalesce(ending, 'done'), finished_at = clock_timestamp() {Mine}";

    /// <summary>Takes a replay up; from then on no earlier run can write.</summary>
    /// <returns>Null when it has ended.</returns>
    public async Task<ShadowAttempt?> TakeAsync(long id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Take);
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new ShadowAttempt(
                id, reader.GetString(0), reader.GetInt64(1), Enum.Parse<ReplayState>(reader.GetString(2), ignoreCase: true), reader.GetBoolean(3), reader.GetInt64(4), reader.GetInt64(5))
            : null;
    }

    /// <summary>Before a batch is loaded that was never handed out.</summary>
    public Task HandOutAsync(ShadowAttempt run, long last, int records, CancellationToken cancellationToken) =>
        WriteAsync(run, HandOut, cancellationToken, last, (long)records);

    /// <summary>The copy surely holds everything up to a position.</summary>
    public Task ReachAsync(ShadowAttempt run, long position, long to, CancellationToken cancellationToken) => WriteAsync(run, Reach, cancellationToken, position, to);

    /// <summary>Goes on to the next state, unless the replay is to end.</summary>
    public Task MoveAsync(ShadowAttempt run, ReplayState state, long upTo, CancellationToken cancellationToken) =>
        WriteAsync(run, Move, cancellationToken, state.ToString().ToLowerInvariant(), upTo);

    /// <summary>Says why it does not get on.</summary>
    public Task TroubleAsync(ShadowAttempt run, string error, CancellationToken cancellationToken) => WriteAsync(run, Trouble, cancellationToken, error);

    /// <summary>Has it end as failed.</summary>
    public Task FailAsync(ShadowAttempt run, string error, CancellationToken cancellationToken) => WriteAsync(run, Fail, cancellationToken, error);

    /// <summary>Ends it as it is to end.</summary>
    public Task EndAsync(ShadowAttempt run, CancellationToken cancellationToken) => WriteAsync(run, End, cancellationToken);

    private async Task WriteAsync(ShadowAttempt run, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = run.Id });
        command.Parameters.Add(new() { Value = run.Run });
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value, NpgsqlDbType = value is long ? NpgsqlDbType.Bigint : NpgsqlDbType.Text });
        }

        if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            throw new OwnershipLostException(run.Group);
        }
    }
}

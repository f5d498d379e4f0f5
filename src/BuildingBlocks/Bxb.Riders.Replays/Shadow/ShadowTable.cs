using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders.Replays.Shadow;

/// <summary>A replay into a copy, as one host took it over.</summary>
/// <param name="Id">The replay.</param>
/// <param name="Group">The consumer group.</param>
/// <param name="Epoch">The epoch of this owner; higher than any before.</param>
/// <param name="State">The replay's state.</param>
/// <param name="IsEnding">Whether the replay is to end early.</param>
/// <param name="To">The last position that the copy must hold.</param>
/// <param name="HandedOut">Everything up to this position was loaded into the copy at least once.</param>
internal readonly record struct ShadowAttempt(long Id, string Group, long Epoch, ReplayState State, bool IsEnding, long To, long HandedOut);

/// <summary>
/// The owner's part of a replay into a copy. Every write must match the owner's epoch and throws <see cref="OwnershipLostException"/> when another host has taken the replay over; a change of
/// state also when the replay is to end. Thread-safe.
/// </summary>
internal sealed class ShadowTable(NpgsqlDataSource database)
{
    private const string Owned = "where id = $1 and epoch = $2";

    private const string Take = """
        update event_log.replays set epoch = epoch + 1, error = case when ending is null then null else error end
        where id = $1 and target = 'shadow' and state in ('running', 'verifying', 'swapping') returning group_name, epoch, state, ending is not null, to_position, handed_out
        """;

    private const string HandOut = $"update event_log.replays set handed_out = $3, events = events + $4 {Owned} and handed_out < $3";

    private const string Reach = $"update event_log.replays set reached = $3, to_position = greatest(to_position, $4), error = null {Owned}";

    private const string Move = $"update event_log.replays set state = $3, reached = $4, to_position = $4 {Owned} and ending is null";

    private const string StoreError = $"update event_log.replays set error = $3 {Owned}";

    private const string Fail = $"update event_log.replays set ending = coalesce(ending, 'failed'), error = $3 {Owned}";

    private const string End = $"update event_log.replays set state = coalesce(ending, 'done'), finished_at = clock_timestamp() {Owned}";

    /// <summary>Takes a replay over. From then on earlier owners cannot write.</summary>
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

    /// <summary>Stores that a batch is handed out for the first time; called before it is loaded.</summary>
    public Task HandOutAsync(ShadowAttempt attempt, long last, int records, CancellationToken cancellationToken) =>
        WriteAsync(attempt, HandOut, cancellationToken, last, (long)records);

    /// <summary>Stores that the copy durably holds everything up to a position.</summary>
    public Task ReachAsync(ShadowAttempt attempt, long position, long to, CancellationToken cancellationToken) => WriteAsync(attempt, Reach, cancellationToken, position, to);

    /// <summary>Moves to the next state.</summary>
    public Task MoveAsync(ShadowAttempt attempt, ReplayState state, long upTo, CancellationToken cancellationToken) =>
        WriteAsync(attempt, Move, cancellationToken, state.ToString().ToLowerInvariant(), upTo);

    /// <summary>Stores the failure of an attempt that will be repeated.</summary>
    public Task StoreErrorAsync(ShadowAttempt attempt, string error, CancellationToken cancellationToken) => WriteAsync(attempt, StoreError, cancellationToken, error);

    /// <summary>Requests the end of the replay as failed.</summary>
    public Task FailAsync(ShadowAttempt attempt, string error, CancellationToken cancellationToken) => WriteAsync(attempt, Fail, cancellationToken, error);

    /// <summary>Ends the replay with the requested final state; done when none was requested.</summary>
    public Task EndAsync(ShadowAttempt attempt, CancellationToken cancellationToken) => WriteAsync(attempt, End, cancellationToken);

    private async Task WriteAsync(ShadowAttempt attempt, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = attempt.Id });
        command.Parameters.Add(new() { Value = attempt.Epoch });
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value, NpgsqlDbType = value is long ? NpgsqlDbType.Bigint : NpgsqlDbType.Text });
        }

        if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            throw new OwnershipLostException(attempt.Group);
        }
    }
}

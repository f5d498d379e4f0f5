namespace Bxb.EventLog.Reading;

/// <summary>An open transaction with a transaction id. The settled position waits for its end.</summary>
/// <param name="Database">The database of its session; null if it is not visible.</param>
/// <param name="ProcessId">The server process of its session; null for a prepared transaction, which has none.</param>
/// <param name="State">The session's state as in <c>pg_stat_activity</c>, <c>unknown</c> without the right to see it, or <c>prepared transaction</c> and its name.</param>
/// <param name="Since">The begin of the transaction. If that is not visible, the time at which this host first saw it.</param>
public sealed record HoldingTransaction(string? Database, int? ProcessId, string State, DateTimeOffset? Since)
{
    /// <summary>One clause for a log line or an answer, such as <c>session pid 17 of database app (idle in transaction) since 2026-01-01T00:00:00Z</c>.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{(ProcessId is { } pid ? $"session pid {pid}" : "a transaction")} of database {Database ?? "unknown"} ({State}) since {Since?.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}");
}

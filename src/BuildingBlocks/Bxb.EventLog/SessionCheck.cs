using Npgsql;

namespace Bxb.EventLog;

/// <summary>Checks at start that sessions keep what the host relies on, also behind a pooler: their settings, their locks, one connection for their life.</summary>
internal static class SessionCheck
{
    // Sessions that hold a transaction open, so that a pooler has to give the connection of an idle session to one of them if it ever does.
    private const int OpenTransactions = 3;

    private const string TransactionPooling =
        "Bxb:Postgres:ConnectionString leads to a pooler that changes a session's connection between transactions (pool_mode transaction or statement), "
        + "and the host keeps locks and settings in its sessions: set pool_mode to session, or connect to PostgreSQL directly.";

    /// <summary>Returns when sessions are fit for use.</summary>
    /// <exception cref="EventLogException">They are not: one sentence that names the setting and what is missing. Or PostgreSQL is away.</exception>
    public static async Task VerifyAsync(EventLogConnections connections, CancellationToken ct)
    {
        var others = new List<NpgsqlConnection>();
        try
        {
            await using var idle = await connections.Dedicated.OpenConnectionAsync(ct);
            await CheckCommitsAsync(idle, ct);
            var process = await ProcessAsync(idle, ct);
            for (var i = 0; i < OpenTransactions; i++)
            {
                var other = await OpenOtherAsync(connections, i + 1, ct);
                others.Add(other);
                await BeginAsync(other, ct);
                if (await ProcessAsync(other, ct) == process || await ProcessAsync(idle, ct) != process)
                {
                    throw new EventLogException(TransactionPooling, isTransient: false, sqlState: null, inner: null);
                }
            }
        }
        catch (Exception e) when (EventLogErrors.IsDriverError(e))
        {
            throw EventLogErrors.Translate(e);
        }
        finally
        {
            foreach (var other in others)
            {
                await other.DisposeAsync();
            }
        }
    }

    private static async Task CheckCommitsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("show synchronous_commit", connection);
        if (await command.ExecuteScalarAsync(ct) is not "on" and var value)
        {
            throw new EventLogException(
                $"Bxb:Postgres:ConnectionString leads to sessions in which synchronous_commit is {value} after the host set it to on, "
                + "so a crash of the server could lose acknowledged events: connect in a way that keeps SET.",
                isTransient: false, sqlState: null, inner: null);
        }
    }

    private static async Task<NpgsqlConnection> OpenOtherAsync(EventLogConnections connections, int open, CancellationToken ct)
    {
        try
        {
            return await connections.Dedicated.OpenConnectionAsync(ct);
        }
        catch (NpgsqlException e) when (e.InnerException is TimeoutException || e is PostgresException { SqlState: SqlStates.PoolerError or SqlStates.TooManyConnections })
        {
            throw new EventLogException(
                $"Bxb:Postgres:ConnectionString leads to a pooler or server that gives no more than {open} connections at a time, and the host needs more: raise the size of the pool.",
                isTransient: false, sqlState: null, e);
        }
    }

    private static async Task BeginAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        try
        {
            await using var command = new NpgsqlCommand("begin", connection);
            await command.ExecuteNonQueryAsync(ct);
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.PoolerError)
        {
            // Statement pooling has no transactions.
            throw new EventLogException(TransactionPooling, isTransient: false, e.SqlState, e);
        }
    }

    private static async Task<int> ProcessAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select pg_backend_pid()", connection);
        return (int)(await command.ExecuteScalarAsync(ct))!;
    }
}

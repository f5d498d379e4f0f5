using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Bxb.Riders.Leases;

/// <summary>The advisory locks of PostgreSQL that back the leases: their keys, their sessions, and the state of their holders. Thread-safe.</summary>
/// <remarks>A lock belongs to a session, so each is held on a connection of its own that never returns to a pool.</remarks>
internal sealed class LeaseStore : IAsyncDisposable
{
    private const string Holder = """
        from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'advisory' and l.granted and l.objsubid = 1
          and l.database = (select oid from pg_database where datname = current_database())
          and ((l.classid::bigint << 32) | l.objid::bigint) = $1
        """;

    private readonly NpgsqlDataSource _sessions;
    private readonly NpgsqlDataSource _pool;

    public LeaseStore(string connectionString, NpgsqlDataSource pool)
    {
        _pool = pool;
        _sessions = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "bxb consumer group" });
    }

    /// <summary>The key of a lease's lock: the same on every host and in every version.</summary>
    public static long Key(string name) => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes("bxb/consumer-group/" + name)));

    /// <summary>Opens a session. Owned by the caller; closing it releases its locks.</summary>
    public async Task<NpgsqlConnection> OpenSessionAsync(CancellationToken cancellationToken) => await _sessions.OpenConnectionAsync(cancellationToken);

    /// <summary>Takes the lock if no session holds it.</summary>
    public static async Task<bool> TryLockAsync(NpgsqlConnection session, string name, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock($1)", session) { Parameters = { new() { Value = Key(name) } } };
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>
    /// Ends the session of a holder that has not confirmed for longer than <paramref name="silence"/>, by the server's clock: a suspended process keeps its connection, and with it the lock.
    /// </summary>
    /// <returns>Whether a session was ended.</returns>
    public static async Task<bool> BreakSilentAsync(NpgsqlConnection session, string name, TimeSpan silence, CancellationToken cancellationToken)
    {
        const string Break = "select pg_terminate_backend(a.pid) " + Holder + " and a.state_change < clock_timestamp() - $2";
        await using var command = new NpgsqlCommand(Break, session) { Parameters = { new() { Value = Key(name) }, new() { Value = silence } } };
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>Whether any host holds the lease.</summary>
    public async Task<bool> IsHeldAsync(string name, CancellationToken cancellationToken)
    {
        await using var command = _pool.CreateCommand("select exists (select 1 " + Holder + ")");
        command.Parameters.Add(new() { Value = Key(name) });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public ValueTask DisposeAsync() => _sessions.DisposeAsync();
}

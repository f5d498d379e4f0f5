using System.Globalization;
using Bxb.Embedded.Files;
using Bxb.Embedded.Postgres;
using Bxb.Embedded.Processes;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.Embedded;

/// <summary>
/// A PostgreSQL of this host's own: real server binaries, started below the data directory, on loopback alone, with a password made
/// at the first start, restarted when it dies, stopped with the host. Port and password stay the same for its life, so a connection
/// string outlives every restart of the server. A host that is killed takes the server with it on Linux; anywhere else the next start ends it.
/// </summary>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    private const string DatabaseName = "bxb";
    private const int PoolSize = 30;
    private const string PasswordFile = "password";
    private const string PortFile = "port";

    private readonly ProcessSupervisor _supervisor;
    private readonly DataDirectoryLock[] _locks;

    private EmbeddedPostgres(ProcessSupervisor supervisor, DataDirectoryLock[] locks, string connectionString)
    {
        _supervisor = supervisor;
        _locks = locks;
        ConnectionString = connectionString;
    }

    /// <summary>Connection string of the database <c>bxb</c>, as its owner and superuser.</summary>
    public string ConnectionString { get; }

    /// <summary>How often the server was started again because it had died.</summary>
    public int Restarts => _supervisor.Restarts;

    /// <summary>Id of the server process; null while it is being restarted.</summary>
    public int? ProcessId => _supervisor.ProcessId;

    /// <summary>Starts the server (and makes the cluster and the database at the first start); returns when it takes connections.</summary>
    /// <exception cref="EmbeddedEngineException">It cannot start, or another host uses the directory: the message says why and what to do. Nothing is left running.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(EmbeddedPostgresOptions options, ILoggerFactory loggers, CancellationToken ct)
    {
        var logger = loggers.CreateLogger("Bxb.Embedded.Postgres");
        var locks = new List<DataDirectoryLock> { DataDirectoryLock.Acquire(ClusterHome.FolderOf(options.DataDirectory)) };
        ProcessSupervisor? supervisor = null;
        try
        {
            var home = await ClusterHome.OpenAsync(options.DataDirectory, logger, ct);
            if (Path.GetDirectoryName(home.Cluster) is { } parent && parent != home.Folder && !home.Cluster.StartsWith(home.Folder, StringComparison.Ordinal))
            {
                // A copied data directory has a copy of the link: two hosts would meet on one cluster.
                locks.Add(DataDirectoryLock.Acquire(parent));
            }

            var password = await PrivateFile.SecretAsync(Path.Combine(home.Folder, PasswordFile), ct);
            await ClusterInitializer.EnsureAsync(home, password, logger, ct);
            // A leftover would hold the kept port, and a new one would be chosen for nothing.
            await LeftoverServer.EndAsync(home.Cluster, ct);
            var port = await LoopbackPort.KeptOrFreeAsync(Path.Combine(home.Folder, PortFile), ct);
            var connectionString = ConnectionStringTo(port, password);
            var server = new PostgresServer(options, home, port, connectionString, logger);
            supervisor = new ProcessSupervisor(new SupervisedEngine("PostgreSQL", server.StartAsync, server.StopAsync), logger);
            await supervisor.StartAsync(ct);
            await EnsureDatabaseAsync(connectionString, ct);
            return new EmbeddedPostgres(supervisor, [.. locks], connectionString);
        }
        catch (Exception e)
        {
            await (supervisor?.DisposeAsync() ?? ValueTask.CompletedTask);
            locks.ForEach(l => l.Dispose());
            if (e is IOException or UnauthorizedAccessException)
            {
                throw EmbeddedEngineException.Unusable($"PostgreSQL's folder {ClusterHome.FolderOf(options.DataDirectory)}", e);
            }

            throw;
        }
    }

    /// <summary>The connection string of the server that a host keeps below a data directory, for tools beside that host. The server need not run.</summary>
    /// <exception cref="EmbeddedEngineException">No host has kept a server there yet.</exception>
    public static async Task<string> ConnectionStringOfAsync(string dataDirectory, CancellationToken ct)
    {
        var folder = ClusterHome.FolderOf(dataDirectory);
        var port = await PrivateFile.ReadAsync(Path.Combine(folder, PortFile), ct);
        return ConnectionStringTo(int.Parse(port, CultureInfo.InvariantCulture), await PrivateFile.ReadAsync(Path.Combine(folder, PasswordFile), ct));
    }

    /// <summary>Ends what still runs on a data directory's cluster and deletes the cluster, password and port. Refused while a host uses it.</summary>
    public static async Task RemoveAsync(string dataDirectory, CancellationToken ct)
    {
        using (DataDirectoryLock.Acquire(ClusterHome.FolderOf(dataDirectory)))
        {
            await ClusterHome.RemoveAsync(dataDirectory, ct);
        }
    }

    /// <summary>Stops the server in order and returns when no process of it is left. Callers close their connections before.</summary>
    public async ValueTask DisposeAsync()
    {
        await _supervisor.DisposeAsync();
        foreach (var held in _locks)
        {
            held.Dispose();
        }
    }

    private static string ConnectionStringTo(int port, string password) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = ClusterInitializer.SuperUser,
        Password = password,
        Database = DatabaseName,
        MaxPoolSize = PoolSize,
    }.ConnectionString;

    private static async Task EnsureDatabaseAsync(string connectionString, CancellationToken ct)
    {
        var admin = new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres", Pooling = false }.ConnectionString;
        await using var connection = new NpgsqlConnection(admin);
        await connection.OpenAsync(ct);
        await using var find = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection) { Parameters = { new() { Value = DatabaseName } } };
        if (await find.ExecuteScalarAsync(ct) is null)
        {
            await using var create = new NpgsqlCommand($"create database {DatabaseName}", connection);
            await create.ExecuteNonQueryAsync(ct);
        }
    }
}

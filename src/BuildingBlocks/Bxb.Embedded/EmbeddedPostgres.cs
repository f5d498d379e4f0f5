using System.Globalization;
using Bxb.Embedded.Files;
using Bxb.Embedded.Postgres;
using Bxb.Embedded.Processes;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.Embedded;

/// <summary>
/// The embedded PostgreSQL: a child process on loopback with a password created at the first start. It is restarted when it ends, and stopped with the host. Port and password are kept, so the
/// connection string stays the same over restarts. When the host is killed, the server stops on Linux; elsewhere the next start stops it.
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

    /// <summary>Number of restarts.</summary>
    public int Restarts => _supervisor.Restarts;

    /// <summary>Id of the server process; null during a restart.</summary>
    public int? ProcessId => _supervisor.ProcessId;

    /// <summary>Starts the server and returns when it takes connections. Creates cluster and database at the first start.</summary>
    /// <exception cref="EmbeddedEngineException">The server cannot start, or another host uses the directory. Nothing is left running.</exception>
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
                // A copied data directory has a copy of the link, and both would lead to one cluster.
                locks.Add(DataDirectoryLock.Acquire(parent));
            }

            var password = await PrivateFile.SecretAsync(Path.Combine(home.Folder, PasswordFile), ct);
            await ClusterInitializer.EnsureAsync(home, password, logger, ct);
            // A leftover server would occupy the kept port.
            await LeftoverServer.EndAsync(home.Cluster, ct);
            var port = await LoopbackPort.KeptOrFreeAsync(Path.Combine(home.Folder, PortFile), ct);
            var connectionString = ConnectionStringTo(port, password);
            var server = new PostgresServer(options, home, port, logger);
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

    /// <summary>The connection string of the server below a data directory, for tools beside the host. The server need not run.</summary>
    /// <exception cref="EmbeddedEngineException">No host has started a server there.</exception>
    public static async Task<string> ConnectionStringOfAsync(string dataDirectory, CancellationToken ct)
    {
        var folder = ClusterHome.FolderOf(dataDirectory);
        var port = await PrivateFile.ReadAsync(Path.Combine(folder, PortFile), ct);
        return ConnectionStringTo(int.Parse(port, CultureInfo.InvariantCulture), await PrivateFile.ReadAsync(Path.Combine(folder, PasswordFile), ct));
    }

    /// <summary>Ends leftover servers of a data directory and deletes cluster, password and port. Refused while a host uses it.</summary>
    public static async Task RemoveAsync(string dataDirectory, CancellationToken ct)
    {
        using (DataDirectoryLock.Acquire(ClusterHome.FolderOf(dataDirectory)))
        {
            await ClusterHome.RemoveAsync(dataDirectory, ct);
        }
    }

    /// <summary>Stops the server and returns when none of its processes is left. Callers close their connections first.</summary>
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

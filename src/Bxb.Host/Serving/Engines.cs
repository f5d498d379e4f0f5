using System.Runtime.InteropServices;
using Bxb.Embedded;
using Bxb.Host.Settings;

namespace Bxb.Host.Serving;

/// <summary>The stores of this host: embedded engines, or the servers that the settings name. Stops the engines on disposal.</summary>
internal sealed partial class Engines : IAsyncDisposable
{
    private DataDirectoryLock? _lock;
    private EmbeddedPostgres? _postgres;
    private EmbeddedClickHouse? _clickHouse;

    private Engines()
    {
    }

    /// <summary>The event log's database.</summary>
    public string PostgresConnectionString { get; private set; } = "";

    /// <summary>The analytics store; null when this host uses none.</summary>
    public Uri? ClickHouseUrl { get; private set; }

    /// <summary>Whether PostgreSQL is embedded.</summary>
    public bool PostgresIsEmbedded => _postgres is not null;

    /// <summary>The embedded ClickHouse engine, or null.</summary>
    public EmbeddedClickHouse? ClickHouse => _clickHouse;

    /// <summary>
    /// Starts the engines for which the settings name no server, concurrently. When PostgreSQL fails, ClickHouse is stopped. A failed start of ClickHouse is repeated in the background, because
    /// PostgreSQL answers in its place.
    /// </summary>
    /// <exception cref="EmbeddedEngineException">Another host uses the data directory, or an engine does not start.</exception>
    public static async Task<Engines> StartAsync(BxbOptions options, HostModules modules, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var engines = new Engines();
        try
        {
            var directory = Path.GetFullPath(options.DataDirectory);
            var ownPostgres = options.Postgres.ConnectionString is null;
            var usesClickHouse = options.ClickHouse.Enabled && modules.Runs("Analytics");
            var ownClickHouse = usesClickHouse && options.ClickHouse.Url is null;
            if (ownClickHouse && !await EmbeddedClickHouse.HasEngineAsync(cancellationToken))
            {
                LogNoEngine(logging.CreateLogger("Bxb.Host"), RuntimeInformation.RuntimeIdentifier);
                usesClickHouse = ownClickHouse = false;
            }

            if (ownPostgres || ownClickHouse)
            {
                engines._lock = DataDirectoryLock.Acquire(directory);
            }

            var postgres = ownPostgres
                ? EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { DataDirectory = directory }, logging, cancellationToken)
                : null;
            var clickHouse = ownClickHouse
                ? EmbeddedClickHouse.StartAsync(
                    new EmbeddedClickHouseOptions { DataDirectory = directory, MemoryBytes = options.ClickHouse.MemoryLimitBytes, RetryStart = true }, logging, cancellationToken)
                : null;
            try
            {
                engines._postgres = postgres is null ? null : await postgres;
            }
            finally
            {
                engines._clickHouse = clickHouse is null ? null : await clickHouse;
            }

            engines.PostgresConnectionString = options.Postgres.ConnectionString ?? engines._postgres!.ConnectionString;
            engines.ClickHouseUrl = usesClickHouse ? engines._clickHouse?.Url ?? new Uri(options.ClickHouse.Url!) : null;
            return engines;
        }
        catch
        {
            await engines.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_clickHouse is not null)
        {
            await _clickHouse.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        _lock?.Dispose();
    }

    [LoggerMessage(
        8004, LogLevel.Warning,
        "There is no embedded ClickHouse engine for {Platform}: PostgreSQL answers usage queries. Name a server in Bxb:ClickHouse:Url, or set Bxb:ClickHouse:Enabled to false.")]
    private static partial void LogNoEngine(ILogger logger, string platform);
}

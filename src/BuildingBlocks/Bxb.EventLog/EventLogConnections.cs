using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.EventLog;

/// <summary>The log's own connections, whose sessions plan the way that the log's few statements need. Owned by the container.</summary>
/// <remarks>
/// Settings are made by statement on each physical connection: poolers refuse or drop the startup parameter that could carry them. A connection that goes back to
/// a pool of this process keeps them, because it is not reset.
/// </remarks>
internal sealed class EventLogConnections : IAsyncDisposable
{
    // What was acknowledged survives a crash of the server, whatever the server's default is.
    private const string Durable = "set synchronous_commit = on";

    // The group statement joins by hash whatever the planner guesses about an array's length, and is planned once; look-ups by key go through LATERAL.
    private const string AppendSettings = Durable
        + "; set plan_cache_mode = force_generic_plan; set enable_nestloop = off; set enable_mergejoin = off; set enable_seqscan = off"
        + "; set enable_bitmapscan = off; set jit = off; set work_mem = '64MB'; set idle_in_transaction_session_timeout = '60s'";

    // In log order means along the primary key: a sort of everything that is left would be the planner's other idea.
    private const string ReadSettings = Durable
        + "; set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off; set jit = off; set max_parallel_workers_per_gather = 0";

    // Pages of the event list at the same time; more of them wait.
    private const int MostListings = 10;

    private int _generation;

    public EventLogConnections(IOptions<EventLogOptions> options)
    {
        var timeout = (int)Math.Ceiling(options.Value.CommandTimeout.TotalSeconds);
        Dedicated = Create(options.Value.ConnectionString, AppendSettings, Common("bxb log", timeout, pooling: false));
        Reading = Create(options.Value.ConnectionString, ReadSettings, Common("bxb read", timeout, pooling: true));
        Listing = Create(options.Value.ConnectionString, ReadSettings, parts =>
        {
            Common("bxb list", timeout, pooling: true)(parts);
            parts.MaxPoolSize = Math.Max(parts.MinPoolSize, Math.Min(parts.MaxPoolSize, MostListings));
        });
    }

    /// <summary>What this host puts into its notifications, so that it can tell them from others'.</summary>
    public string HostId { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Connections that one loop keeps for as long as they hold: writers, the settled position, the listener. Not pooled.</summary>
    public NpgsqlDataSource Dedicated { get; }

    /// <summary>Pooled connections for reads in log order.</summary>
    public NpgsqlDataSource Reading { get; }

    /// <summary>Pooled connections for what callers ask for, with the settings of <see cref="Reading"/>: many callers leave the readers of the log their connections.</summary>
    public NpgsqlDataSource Listing { get; }

    /// <summary>Grows when the address leads to another server than before: what was opened under a lower number is to be opened anew.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>A data source for everything else in the database, whose commits are as durable as the log's.</summary>
    public static NpgsqlDataSource CreateGeneral(string connectionString) => Create(connectionString, Durable, static _ => { });

    /// <summary>Begins a generation of connections: pooled ones are closed, now or when they are given back.</summary>
    public void Renew()
    {
        Interlocked.Increment(ref _generation);
        Reading.Clear();
        Listing.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await Dedicated.DisposeAsync();
        await Reading.DisposeAsync();
        await Listing.DisposeAsync();
    }

    private static Action<NpgsqlConnectionStringBuilder> Common(string name, int commandTimeout, bool pooling) => parts =>
    {
        parts.ApplicationName = name;
        parts.CommandTimeout = commandTimeout;
        parts.Pooling = pooling;
        parts.KeepAlive = parts.KeepAlive == 0 ? 30 : parts.KeepAlive;
        parts.Enlist = false;
    };

    private static NpgsqlDataSource Create(string connectionString, string settings, Action<NpgsqlConnectionStringBuilder> configure)
    {
        var builder = new NpgsqlDataSourceBuilder(ConnectionLimits.Apply(connectionString).ConnectionString);
        configure(builder.ConnectionStringBuilder);

        // A reset would take the settings away.
        builder.ConnectionStringBuilder.NoResetOnClose = true;
#pragma warning disable MA0045 // The driver asks for both; the first serves connections that are opened without await.
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(settings, connection);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(settings, connection);
                await command.ExecuteNonQueryAsync();
            });
#pragma warning restore MA0045
        return builder.Build();
    }
}

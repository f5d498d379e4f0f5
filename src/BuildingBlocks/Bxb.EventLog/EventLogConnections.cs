using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.EventLog;

/// <summary>Connections of the log. Their session settings give each statement of the log one plan. Owned by the container.</summary>
/// <remarks>
/// A statement on each new physical connection makes the settings, because poolers refuse or drop the startup parameter for them. A connection that returns to
/// a pool of this process is not reset and keeps them.
/// </remarks>
internal sealed class EventLogConnections : IAsyncDisposable
{
    // Acknowledged events survive a crash of the server with any default of the server.
    private const string Durable = "set synchronous_commit = on";

    // The group statement is planned once and joins by hash, also when the planner misjudges the length of an array. Look-ups by key use LATERAL.
    private const string AppendSettings = Durable
        + "; set plan_cache_mode = force_generic_plan; set enable_nestloop = off; set enable_mergejoin = off; set enable_seqscan = off"
        + "; set enable_bitmapscan = off; set jit = off; set work_mem = '64MB'; set idle_in_transaction_session_timeout = '60s'";

    // Reads in log order use the primary key. Otherwise the planner might sort the rest of the log.
    private const string ReadSettings = Durable
        + "; set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off; set jit = off; set max_parallel_workers_per_gather = 0";

    // Concurrent pages of the event list; further ones wait.
    private const int MostListings = 10;

    private int _renewals;

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

    /// <summary>Identifies this host's notifications.</summary>
    public string HostId { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Connections of the writers, of the settled position and of the listener, each used by one loop until it breaks. Not pooled.</summary>
    public NpgsqlDataSource Dedicated { get; }

    /// <summary>Pooled connections for reads in log order.</summary>
    public NpgsqlDataSource Reading { get; }

    /// <summary>Pooled connections for queries of callers, with the settings of <see cref="Reading"/>. A pool of its own, so that callers do not take the connections of readers.</summary>
    public NpgsqlDataSource Listing { get; }

    /// <summary>Number of times that the address led to a new server. A connection that was opened at a lower number must be opened again.</summary>
    public int Renewals => Volatile.Read(ref _renewals);

    /// <summary>Creates a data source for the rest of the database. Its commits are as durable as those of the log.</summary>
    public static NpgsqlDataSource CreateGeneral(string connectionString) => Create(connectionString, Durable, static _ => { });

    /// <summary>Closes pooled connections, at once or when they are returned, and increments <see cref="Renewals"/>.</summary>
    public void Renew()
    {
        Interlocked.Increment(ref _renewals);
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

        // A reset would undo the settings.
        builder.ConnectionStringBuilder.NoResetOnClose = true;
#pragma warning disable MA0045 // The driver requires both; the first is for connections that are opened without await.
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

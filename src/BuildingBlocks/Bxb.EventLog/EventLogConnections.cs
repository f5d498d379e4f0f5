using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.EventLog;

/// <summary>The log's own connections, whose sessions plan the way that the log's few statements need. Owned by the container.</summary>
internal sealed class EventLogConnections : IAsyncDisposable
{
    // The group statement joins by hash whatever the planner guesses about an array's length, and is planned once; look-ups by key go through LATERAL.
    private const string AppendSettings =
        "-c synchronous_commit=on -c plan_cache_mode=force_generic_plan -c enable_nestloop=off -c enable_mergejoin=off -c enable_seqscan=off"
        + " -c enable_bitmapscan=off -c jit=off -c work_mem=64MB -c idle_in_transaction_session_timeout=60s";

    // In log order means along the primary key: a sort of everything that is left would be the planner's other idea.
    private const string ReadSettings = "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off -c jit=off -c max_parallel_workers_per_gather=0";

    public EventLogConnections(IOptions<EventLogOptions> options)
    {
        var timeout = (int)Math.Ceiling(options.Value.CommandTimeout.TotalSeconds);
        Dedicated = Create(options.Value.ConnectionString, "bxb log", AppendSettings, timeout, pooling: false);
        Reading = Create(options.Value.ConnectionString, "bxb read", ReadSettings, timeout, pooling: true);
    }

    /// <summary>What this host puts into its notifications, so that it can tell them from others'.</summary>
    public string HostId { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Connections that one loop keeps for as long as they hold: writers, the settled position, the listener. Not pooled.</summary>
    public NpgsqlDataSource Dedicated { get; }

    /// <summary>Pooled connections for reads in log order.</summary>
    public NpgsqlDataSource Reading { get; }

    public async ValueTask DisposeAsync()
    {
        await Dedicated.DisposeAsync();
        await Reading.DisposeAsync();
    }

    private static NpgsqlDataSource Create(string connectionString, string name, string settings, int commandTimeout, bool pooling)
    {
        var builder = new NpgsqlDataSourceBuilder(ConnectionLimits.Apply(connectionString).ConnectionString);
        var parts = builder.ConnectionStringBuilder;
        parts.ApplicationName = name;
        parts.Options = string.IsNullOrEmpty(parts.Options) ? settings : parts.Options + " " + settings;
        parts.CommandTimeout = commandTimeout;
        parts.Pooling = pooling;
        parts.KeepAlive = parts.KeepAlive == 0 ? 30 : parts.KeepAlive;
        parts.Enlist = false;
        return builder.Build();
    }
}

using System.Diagnostics.CodeAnalysis;
using Bxb.ClickHouse;
using Bxb.EventLog;
using Bxb.Modularity;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bxb.Operations.Stores;

/// <summary>Availability of the stores: of PostgreSQL from <see cref="ServerWatch"/>, of ClickHouse by a ping every second. Thread-safe.</summary>
/// <param name="postgres">State of the log's server.</param>
/// <param name="modules">The modules of this host. Without Ingestion it does not need PostgreSQL to take writes.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs when ClickHouse stops answering and when it answers again.</param>
/// <param name="clickHouse">The analytics store; null when there is none.</param>
internal sealed class StoreProbe(ServerWatch postgres, IEnumerable<IModule> modules, TimeProvider time, ILogger<StoreProbe> logger, ClickHouseClient? clickHouse = null) : BackgroundService
{
    private const string TakesEvents = "Ingestion";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly OutageLog _away = new(logger, "ClickHouse does not answer; PostgreSQL answers usage queries", time);
    private readonly bool _needsWrites = modules.Any(module => module.Name == TakesEvents);
    private volatile bool _clickHouseAnswers = true;

    /// <summary>Every configured store, by its name in usage answers.</summary>
    public IReadOnlyDictionary<string, StoreState> States
    {
        get
        {
            var states = new SortedDictionary<string, StoreState>(StringComparer.Ordinal)
            {
                ["postgresql"] = new(postgres.Condition is ServerCondition.Writable or ServerCondition.ReadOnly, postgres.Condition == ServerCondition.Writable),
            };
            if (clickHouse is not null)
            {
                states["clickhouse"] = new(_clickHouseAnswers, Writable: null);
            }

            return states;
        }
    }

    /// <summary>True while PostgreSQL does not answer.</summary>
    public bool IsPostgresAway => postgres.Condition == ServerCondition.Away;

    /// <summary>Unhealthy when PostgreSQL does not answer, or is read-only on a host that takes events.</summary>
    public HealthCheckResult CheckPostgres() => postgres.Condition switch
    {
        ServerCondition.Writable => HealthCheckResult.Healthy(),
        ServerCondition.ReadOnly when !_needsWrites => HealthCheckResult.Degraded("PostgreSQL takes no writes."),
        ServerCondition.ReadOnly => HealthCheckResult.Unhealthy("PostgreSQL takes no writes."),
        ServerCondition.Away => HealthCheckResult.Unhealthy("PostgreSQL does not answer."),
        _ => HealthCheckResult.Unhealthy("PostgreSQL has not been checked yet."),
    };

    /// <summary>At worst degraded: without ClickHouse the host takes events and answers usage queries from PostgreSQL.</summary>
    public HealthCheckResult CheckClickHouse() => _clickHouseAnswers ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded("ClickHouse does not answer.");

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (clickHouse is null)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            await LookAsync(clickHouse, stoppingToken);
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Any exception of a ping means that the store does not answer.")]
    private async Task LookAsync(ClickHouseClient store, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Patience);
        try
        {
            await store.PingAsync(limited.Token);
            _clickHouseAnswers = true;
            _away.Succeeded();
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            _clickHouseAnswers = false;
            _away.Failed(failure);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
    }
}

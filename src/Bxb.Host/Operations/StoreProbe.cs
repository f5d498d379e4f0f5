using System.Diagnostics.CodeAnalysis;
using Bxb.ClickHouse;
using Bxb.EventLog;
using Bxb.Host.Settings;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Bxb.Host.Operations;

/// <summary>What each store can do, as last seen: PostgreSQL by <see cref="ServerWatch"/>, ClickHouse asked here once a second. Thread-safe.</summary>
/// <param name="postgres">What is known of the log's server.</param>
/// <param name="modules">What this host runs: without the module Ingestion it needs no writes.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Takes one line when ClickHouse goes away and one when it is back.</param>
/// <param name="clickHouse">The analytics store; null when there is none.</param>
internal sealed class StoreProbe(ServerWatch postgres, HostModules modules, TimeProvider time, ILogger<StoreProbe> logger, ClickHouseClient? clickHouse = null) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly OutageLog _away = new(logger, "ClickHouse does not answer; PostgreSQL answers usage queries", time);
    private volatile bool _clickHouseAnswers = true;

    /// <summary>Every configured store, by the name that usage answers give it.</summary>
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

    /// <summary>Whether PostgreSQL did not answer when it was last asked.</summary>
    public bool IsPostgresAway => postgres.Condition == ServerCondition.Away;

    /// <summary>Not ready without what this host's modules need of the log's server.</summary>
    public HealthCheckResult CheckPostgres() => postgres.Condition switch
    {
        ServerCondition.Writable => HealthCheckResult.Healthy(),
        ServerCondition.ReadOnly when !modules.Runs("Ingestion") => HealthCheckResult.Degraded("PostgreSQL takes no writes."),
        ServerCondition.ReadOnly => HealthCheckResult.Unhealthy("PostgreSQL takes no writes."),
        ServerCondition.Away => HealthCheckResult.Unhealthy("PostgreSQL does not answer."),
        _ => HealthCheckResult.Unhealthy("PostgreSQL was not asked yet."),
    };

    /// <summary>Without the analytics store the host takes events and answers from PostgreSQL, so that alone is no reason to take it out of service.</summary>
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

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a store throws, it does not answer.")]
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

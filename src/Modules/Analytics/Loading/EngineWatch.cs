using Bxb.Analytics.Loading.Epochs;
using Bxb.ClickHouse;
using Bxb.Riders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Loading;

/// <summary>Detects a restart of the embedded engine, also while no events arrive, and has every partition of this host compared with the engine. Does nothing for a server.</summary>
/// <remarks>Until the partitions are compared, and rewound where rows are missing, <see cref="UsageLoader.MayHaveLostRows"/> keeps queries from relying on the progress of the group.</remarks>
internal sealed partial class EngineWatch(UsageLoader loader, ClickHouseClient client, ConsumerGroups groups, TimeProvider time, ILogger<EngineWatch> logger) : BackgroundService
{
    /// <summary>Maximum time until a restart is detected.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await CheckAsync(stoppingToken);
        }
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (loader.TrustedInstance is null)
        {
            return;
        }

        try
        {
            await client.PingAsync(cancellationToken);
        }
        catch (ClickHouseException e)
        {
            LogAway(e);
            return;
        }

        if (loader.MayHaveLostRows)
        {
            var instance = client.ServerInstance;
            LogRestarted(instance);
            await groups.RecheckAsync(LoadPartition.ConsumerGroup, cancellationToken);
            loader.Trust(instance);
        }
    }

    [LoggerMessage(7020, LogLevel.Warning, "The ClickHouse engine was restarted as {Instance}; every partition is compared with it")]
    private partial void LogRestarted(string? instance);

    [LoggerMessage(7021, LogLevel.Debug, "ClickHouse does not answer")]
    private partial void LogAway(Exception exception);
}

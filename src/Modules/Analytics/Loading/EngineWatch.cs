using Bxb.ClickHouse;
using Bxb.Riders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Loading;

/// <summary>Notices that the embedded engine was started again, also when nothing comes to load, and has every partition of this host compared with what it holds now.</summary>
/// <remarks>
/// Until that is done and the group has gone back where rows are missing, <see cref="UsageLoader.MayHaveLost"/> keeps queries from believing the group's progress. Does nothing
/// where ClickHouse is a server.
/// </remarks>
internal sealed partial class EngineWatch(UsageLoader loader, ClickHouseClient client, ConsumerGroups groups, TimeProvider time, ILogger<EngineWatch> logger) : BackgroundService
{
    /// <summary>How late at most a start of the engine is noticed.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await LookAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped();
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (loader.Believed is null)
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

        if (loader.MayHaveLost)
        {
            var instance = client.ServerInstance;
            LogStartedAgain(instance);
            await groups.RecheckAsync(LoadingRegistration.Group, cancellationToken);
            loader.Believe(instance);
        }
    }

    [LoggerMessage(7020, LogLevel.Warning, "ClickHouse was started again, as {Instance}; what it holds is compared with the log")]
    private partial void LogStartedAgain(string? instance);

    [LoggerMessage(7021, LogLevel.Debug, "ClickHouse does not answer")]
    private partial void LogAway(Exception exception);

    [LoggerMessage(7022, LogLevel.Debug, "The engine is no longer watched")]
    private partial void LogStopped();
}

using Bxb.ClickHouse;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Analytics.Loading;

/// <summary>Makes a checkpoint every few seconds while there is something new, and a last one when everything else of the host has stopped.</summary>
internal sealed partial class CheckpointService(UsageLoader loader, IOptions<AnalyticsOptions> options, TimeProvider time, ILogger<CheckpointService> logger)
    : BackgroundService, IHostedLifecycleService
{
    /// <summary>A host that stops waits so long for its last checkpoint; without it the next start compares a few seconds of events.</summary>
    private static readonly TimeSpan LastLimit = TimeSpan.FromSeconds(10);

    private readonly OutageLog _outage = new("No checkpoint of ClickHouse could be made", "Checkpoints of ClickHouse are made again", time, logger);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The groups have stopped by now, whatever the order in which services were added: the last batch is among what is made safe.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LastLimit);
        try
        {
            await TryAsync(limit.Token);
        }
        catch (OperationCanceledException e)
        {
            _outage.Failed(e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.CheckpointInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped();
        }
    }

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await loader.CheckpointAsync(cancellationToken);
            _outage.Succeeded();
        }
        catch (ClickHouseException e)
        {
            // Nothing is lost by a checkpoint that was not made; the loader meets the same fault and deals with it.
            _outage.Failed(e);
        }
    }

    [LoggerMessage(7011, LogLevel.Debug, "No more checkpoints but the last")]
    private partial void LogStopped();
}

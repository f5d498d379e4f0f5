using Bxb.ClickHouse;
using Bxb.EventLog;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Loading;

/// <summary>Stores checkpoints at each <see cref="AnalyticsOptions.CheckpointInterval"/>, and last ones after all other services of the host have stopped.</summary>
internal sealed class CheckpointService(UsageLoader loader, AnalyticsOptions options, TimeProvider time, ILogger<CheckpointService> logger)
    : BackgroundService, IHostedLifecycleService
{
    /// <summary>Maximum wait for the last checkpoints at a stop. Without them the next start compares a few seconds of events.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    private readonly OutageLog _outage = new(logger, "The checkpoints of ClickHouse cannot be stored", time) { QuietTime = TimeSpan.Zero };

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Stores the last checkpoints. The consumer groups have stopped by now, so these include the last batch.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(StopTimeout);
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
        using var timer = new PeriodicTimer(options.CheckpointInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryAsync(stoppingToken);
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
            // A missing checkpoint loses nothing. The loader meets the same failure and handles it.
            _outage.Failed(e);
        }
    }
}

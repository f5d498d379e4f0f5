using Bxb.EventLog;
using Bxb.Riders.Progress;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Leases;

/// <summary>Confirms the partitions that this host reads in PostgreSQL, at an interval and with one statement for all of them.</summary>
/// <remarks>Other hosts use the confirmation to tell whether a group is read. Writes do not depend on it: they are fenced by the owner's epoch.</remarks>
internal sealed partial class LeaseRenewal(GroupRegistry groups, ConsumerProgress progress, IOptions<RidersOptions> options, TimeProvider time, ILogger<LeaseRenewal> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.OwnershipInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await ConfirmAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped();
        }
    }

    private async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        var owned = groups.All.SelectMany(g => g.Partitions.Select(p => new PartitionOwnership(g.Group, p.Partition, p.Epoch))).Where(o => o.Epoch > 0).ToList();
        if (owned.Count == 0)
        {
            return;
        }

        try
        {
            await progress.ConfirmAsync(owned, cancellationToken);
        }
        catch (Exception exception) when (EventLogErrors.Find(exception) is not null)
        {
            LogNotConfirmed(exception.Message);
        }
    }

    [LoggerMessage(2054, LogLevel.Debug, "PostgreSQL does not take the confirmation of partitions: {Reason}")]
    private partial void LogNotConfirmed(string reason);

    [LoggerMessage(2055, LogLevel.Debug, "Partitions are no longer confirmed.")]
    private partial void LogStopped();
}

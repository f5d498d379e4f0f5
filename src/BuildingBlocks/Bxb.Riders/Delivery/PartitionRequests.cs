using Bxb.Riders.Progress;
using Bxb.Riders.Reading;

namespace Bxb.Riders.Delivery;

/// <summary>
/// Serves requests that are stored for a partition: requeued dead letters, ranges to deliver again, and comparisons with the consumer's store. Called by the worker between two batches.
/// </summary>
internal sealed class PartitionRequests(
    PartitionSession session, GroupActivity group, RequeuedDelivery requeued, PartitionRedelivery redelivery, DurablePositionQuery durable, ProgressTracker progress, PartitionRewind rewind,
    TimeProvider time)
{
    /// <summary>The longest time until a request that another host received is served.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    private readonly int _partition = session.Ownership.Partition;
    private long _polledAt;
    private bool _hasPolled;

    /// <summary>Serves requests if a poll is due or this host received one.</summary>
    /// <returns>Whether the progress moved, so that another reader is needed.</returns>
    public async ValueTask<bool> ServeAsync()
    {
        if (IsPollDue())
        {
            if (await requeued.DeliverAsync() is { Outcome: DeliveryOutcome.ProgressLost } lost)
            {
                await rewind.RunAsync(lost.DurablePosition);
                return true;
            }

            if (await redelivery.ServeAsync())
            {
                return true;
            }
        }

        return group.Rechecks.Take(_partition) is { } recheck && await RecheckAsync(recheck);
    }

    /// <summary>Waits for the next batch, until the next poll is due or a request arrives.</summary>
    public async Task WaitForBatchAsync(ReadAhead reader)
    {
        using var timeout = new CancellationTokenSource(PollInterval, time);
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, session.Stopping);
        group.WakeUps.SetWait(_partition, wait);
        try
        {
            await reader.WaitAsync(wait.Token);
        }
        finally
        {
            group.WakeUps.SetWait(_partition, null);
        }
    }

    private bool IsPollDue()
    {
        if (!group.WakeUps.Take(_partition) && _hasPolled && time.GetElapsedTime(_polledAt) < PollInterval)
        {
            return false;
        }

        (_hasPolled, _polledAt) = (true, time.GetTimestamp());
        return true;
    }

    private async Task<bool> RecheckAsync(TaskCompletionSource recheck)
    {
        try
        {
            var held = await durable.AskAsync(progress.Progress.Position, isRecheck: true);
            if (held >= progress.Progress.Position)
            {
                return false;
            }

            await rewind.RunAsync(held);
            return true;
        }
        finally
        {
            recheck.TrySetResult();
        }
    }
}

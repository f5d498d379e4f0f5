using Bxb.EventLog.Records;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Delivery;

/// <summary>Resumes a partition after a take-over: asks the consumer's store what it holds, repeats the batch in flight with its stored edges, and rewinds if the store lacks something.</summary>
/// <param name="session">The ownership.</param>
/// <param name="found">The stored state.</param>
/// <param name="ownerWait">How long the previous owner may need to notice that it lost its lease.</param>
/// <param name="durable">The consumer's store.</param>
/// <param name="source">The records.</param>
/// <param name="delivery">Delivers the repeated batch.</param>
/// <param name="progress">The state in memory.</param>
/// <param name="rewind">Rewinds the partition.</param>
/// <param name="time">The clock.</param>
internal sealed class PartitionResume(
    PartitionSession session, StoredProgress found, TimeSpan ownerWait, DurablePositionQuery durable, PartitionSource source, PartitionDelivery delivery, ProgressTracker progress,
    PartitionRewind rewind, TimeProvider time)
{
    public async Task RunAsync()
    {
        var held = await durable.AskAsync(progress.Processed.Position, isRecheck: false);
        if (found.InFlight is { } edges)
        {
            // Until the previous owner notices the loss and cancels its consumer, its work and the repeat could reach the store at the same time.
            await Task.Delay(ownerWait, time, session.Stopping);
            await RepeatAsync(edges);
        }

        if (held < found.Processed.Position)
        {
            await rewind.RunAsync(held);
        }

        await progress.StoreComparedAsync();
    }

    private async Task RepeatAsync(BatchEdges edges)
    {
        using var records = EventRecords.Rent();

        // Records that a consumer committed with its own transaction are below the progress.
        var after = progress.Progress.Position < edges.First ? new Checkpoint(edges.First - 1, edges.FirstOffset) : progress.Progress;
        await source.FillAsync(records, after, edges.Last);
        if (records.Count > 0 && !await delivery.DeliverAsync(records, isRepeat: true))
        {
            return;
        }

        if (progress.Progress.Position < edges.Last)
        {
            progress.Advance(edges.End, records.Count, records.LastPosition);
        }
    }
}

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
/// <param name="progress">The group's progress in memory.</param>
/// <param name="redelivery">The range that is delivered again.</param>
/// <param name="rewind">Rewinds the partition.</param>
/// <param name="time">The clock.</param>
internal sealed class PartitionResume(
    PartitionSession session, StoredProgress found, TimeSpan ownerWait, DurablePositionQuery durable, PartitionSource source, PartitionDelivery delivery, ProgressTracker progress,
    PartitionRedelivery redelivery, PartitionRewind rewind, TimeProvider time)
{
    public async Task RunAsync()
    {
        var held = await durable.AskAsync(progress.Progress.Position, isRecheck: false);
        await RepeatAsync(found.InFlight, progress);
        await redelivery.ResumeAsync();
        await RepeatAsync(redelivery.InFlight, redelivery);

        if (held < found.Progress.Position)
        {
            await rewind.RunAsync(held);
        }

        await progress.StoreComparedAsync();
    }

    private async Task RepeatAsync(BatchEdges? inFlight, IDeliveryTracker active)
    {
        if (inFlight is not { } edges)
        {
            return;
        }

        // Until the previous owner notices the loss and cancels its consumer, its work and the repeat could reach the store at the same time.
        await Task.Delay(ownerWait, time, session.Stopping);
        using var records = EventRecords.Rent();

        // Records that a consumer committed with its own transaction are below the progress.
        var after = active.Progress.Position < edges.First ? new Checkpoint(edges.First - 1, edges.FirstOffset) : active.Progress;
        await source.FillAsync(records, active.FromLog, after, edges.Last);
        if (records.Count > 0 && !await delivery.DeliverAsync(records, isRepeat: true))
        {
            return;
        }

        if (active.Progress.Position < edges.Last)
        {
            active.Advance(edges.End, records.Count, records.LastPosition);
        }
    }
}

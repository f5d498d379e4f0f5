using Bxb.EventLog.Records;
using Bxb.Riders.Progress;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Delivers whole batches of a partition and acts on the result: rewinds, or ends the redelivery.</summary>
internal sealed partial class PartitionDelivery(
    PartitionSession session, BatchDelivery delivery, PartitionRewind rewind, PartitionRedelivery redelivery, PartitionActivity activity, RidersInstruments instruments,
    TimeProvider time, ILogger logger)
{
    /// <summary>Delivers a batch whose edges are stored.</summary>
    /// <returns>Whether the partition goes on behind the batch; false when the progress moved, so that another reader is needed.</returns>
    public async ValueTask<bool> DeliverAsync(EventRecords records, bool isRepeat)
    {
        var started = time.GetTimestamp();
        activity.Pending(redelivery.IsActive ? 0 : records[0].IngestedAtMilliseconds);
        var result = await delivery.DeliverAsync(records, 0, records.Count, attempt: 0, isRepeat);
        switch (result.Outcome)
        {
            case DeliveryOutcome.ProgressLost:
                await rewind.RunAsync(result.DurablePosition);
                return false;
            case DeliveryOutcome.Withdrawn:
                await redelivery.EndAsync();
                return false;
            default:
                var elapsed = time.GetElapsedTime(started);
                instruments.Processed(session.Ownership.Group, records.Count, elapsed);
                LogProcessed(logger, session.Ownership.Group, records.Count, records.FirstPosition, records.LastPosition, elapsed.TotalMilliseconds);
                return true;
        }
    }

    [LoggerMessage(2020, LogLevel.Debug, "Consumer group {Group} processed {Count} records, positions {First} to {Last}, in {Milliseconds:0.0} ms.")]
    private static partial void LogProcessed(ILogger logger, string group, int count, long first, long last, double milliseconds);
}

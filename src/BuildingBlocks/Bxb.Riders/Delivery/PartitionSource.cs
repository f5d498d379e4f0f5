using System.Runtime.ExceptionServices;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.Riders.Reading;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>
/// Chooses where a partition is read. By default the transport's lease reads it (<c>PostgresLog/LogPartition</c>, or <c>KafkaLease</c>). The event log is read if the records are delivered again from
/// there, and while the topic does not hold the next records.
/// </summary>
internal sealed partial class PartitionSource(
    PartitionSession session, EventConsumerOptions options, EventLogReader log, IEventTopic? topic, ILogger logger)
{
    private readonly LogRecordSource _log = new(log, topic, session.Ownership.Partition);
    private long _logUntil;

    /// <summary>Opens a reader from current progress until the source changes. The caller disposes it.</summary>
    public ReadAhead Open(IDeliveryTracker progress)
    {
        var (source, end) = progress.FromLog ? (_log, progress.Until)
            : _logUntil > progress.Progress.Position ? (_log, Math.Min(progress.Until, _logUntil))
            : ((IRecordSource)session.Lease, progress.Until);
        return new ReadAhead(source, progress.Progress, progress.RepeatUntil, end, options, session.Stopping);
    }

    /// <summary>Reads a batch by its stored edges.</summary>
    public async Task FillAsync(EventRecords into, bool fromLog, Checkpoint after, long upTo)
    {
        if (!fromLog)
        {
            try
            {
                await session.Lease.FillAsync(into, after, upTo, BatchLimits.None, session.Stopping);
                return;
            }
            catch (RecordsGoneException gone) when (into.Count == 0)
            {
                ReadFromLog(gone, after.Position);
            }
        }

        await _log.FillAsync(into, after, upTo, BatchLimits.None, session.Stopping);
    }

    /// <summary>Makes the next reader read the event log up to the position from which the topic holds everything.</summary>
    /// <param name="gone">What the topic no longer holds; thrown if the event log cannot replace it.</param>
    /// <param name="after">Records above this position are needed.</param>
    public void ReadFromLog(RecordsGoneException gone, long after)
    {
        if (topic is null || gone.HeldAbove <= after)
        {
            ExceptionDispatchInfo.Throw(gone);
        }

        _logUntil = gone.HeldAbove;
        LogGone(logger, session.Ownership.Group, session.Ownership.Partition, after, gone.HeldAbove);
    }

    [LoggerMessage(2061, LogLevel.Warning,
        "The topic no longer holds the records after position {Progress} in partition {Partition} of consumer group {Group}; they are read from the event log up to {HeldAbove}.")]
    private static partial void LogGone(ILogger logger, string group, int partition, long progress, long heldAbove);
}

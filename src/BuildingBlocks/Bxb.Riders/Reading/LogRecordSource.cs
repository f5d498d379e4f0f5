using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Reading;

/// <summary>One partition as the event log holds it: the records that the topic has, or had, in that partition; all records where there is no topic. Read up to a settled position.</summary>
/// <remarks>
/// Reads the whole log to find a partition's records, so a topic with n partitions costs n reads of the log: used only for records that a topic no longer holds, and for records that are
/// delivered again. Not thread-safe.
/// </remarks>
/// <param name="log">The log.</param>
/// <param name="topic">The topic between the log and the groups; null where there is none.</param>
/// <param name="partition">The partition of the topic.</param>
internal sealed class LogRecordSource(EventLogReader log, IEventTopic? topic, int partition) : IRecordSource
{
    // Bounds the records that are skipped in one call, so that a partition with few records still reports progress.
    private const int MaxSkippedBatches = 8;
    private const int SliceRecords = 4096;
    private const int SliceBytes = 4 * 1024 * 1024;

    public async ValueTask<Checkpoint> FillAsync(EventRecords into, Checkpoint after, long upTo, BatchLimits limits, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(upTo, long.MaxValue);
        if (topic is null)
        {
            var count = await log.ReadAsync(after.Position, upTo, limits.MaxRecords, limits.MaxBytes, into, cancellationToken);
            return new Checkpoint(count == 0 ? upTo : into.LastPosition);
        }

        var read = 0L;
        while (!IsFull(into, limits) && read < (long)limits.MaxRecords * MaxSkippedBatches)
        {
            using var slice = EventRecords.Rent();
            if (await log.ReadAsync(after.Position, upTo, SliceRecords, SliceBytes, slice, cancellationToken) == 0)
            {
                return new Checkpoint(upTo);
            }

            read += slice.Count;
            after = new Checkpoint(Keep(slice, into, limits));
            if (after.Position < slice.LastPosition)
            {
                break;
            }
        }

        return after;
    }

    private static bool IsFull(EventRecords into, BatchLimits limits) => into.Count >= limits.MaxRecords || into.SizeInBytes >= limits.MaxBytes;

    /// <summary>Copies the partition's records until a limit is reached. Returns the position up to which the slice was used.</summary>
    private long Keep(EventRecords slice, EventRecords into, BatchLimits limits)
    {
        for (var i = 0; i < slice.Count; i++)
        {
            if (topic!.PartitionOf(slice[i]) != partition)
            {
                continue;
            }

            if (IsFull(into, limits))
            {
                return slice[i].Position - 1;
            }

            into.Add(slice[i]);
        }

        return slice.LastPosition;
    }
}

using Bxb.EventLog.Records;

namespace Bxb.Riders.Transport;

/// <summary>The records of one partition, in log order. One reader at a time.</summary>
public interface IRecordSource
{
    /// <summary>Fills an empty buffer with the records that follow a checkpoint.</summary>
    /// <param name="into">Owned by the caller; the source does not use it after the call.</param>
    /// <param name="after">Records above its position are read.</param>
    /// <param name="upTo">
    /// Records above it are not read. <see cref="long.MaxValue"/>: waits for the first record, then until a limit is reached. Lower: all records up to it exist already and the call does not
    /// wait; when none is left, the returned position is at or above it.
    /// </param>
    /// <param name="limits">The size of the batch; one record is taken even if it is larger.</param>
    /// <param name="cancellationToken">Ends the wait; the buffer's content is then undefined.</param>
    /// <returns>How far the partition was read: at or above the last record's position. No record at all when only gaps were found.</returns>
    /// <exception cref="RecordsGoneException">Records that follow <paramref name="after"/> are no longer held.</exception>
    ValueTask<Checkpoint> FillAsync(EventRecords into, Checkpoint after, long upTo, BatchLimits limits, CancellationToken cancellationToken);
}

/// <summary>The size of one batch.</summary>
/// <param name="MaxRecords">Most records.</param>
/// <param name="MaxBytes">Most bytes of text, unless a single record is larger.</param>
/// <param name="MaxWait">How long the batch is filled after its first record.</param>
public readonly record struct BatchLimits(int MaxRecords, int MaxBytes, TimeSpan MaxWait)
{
    /// <summary>No limit: for a batch whose edges are stored.</summary>
    public static readonly BatchLimits None = new(int.MaxValue, int.MaxValue, TimeSpan.Zero);
}

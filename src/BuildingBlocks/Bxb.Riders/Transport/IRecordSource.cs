using Bxb.EventLog.Records;

namespace Bxb.Riders.Transport;

/// <summary>Where the records of one partition are read from, in log order. One reader at a time.</summary>
public interface IRecordSource
{
    /// <summary>Fills an empty buffer with the records that follow a position.</summary>
    /// <param name="into">The caller's; untouched by the source after the call.</param>
    /// <param name="after">Records above its position are wanted.</param>
    /// <param name="upTo">
    /// Records above this one are not. <see cref="long.MaxValue"/>: waits for the first record, then until the limits are reached. Less: all that lies between was there
    /// before, and nothing is waited for; once nothing is left, the answer's position is at or above it.
    /// </param>
    /// <param name="limits">How much at most; one record is taken whatever its size.</param>
    /// <param name="cancellationToken">Ends the wait; the buffer may then hold anything.</param>
    /// <returns>How far the partition was read: at or above the last record's position. With no record at all when only gaps were found.</returns>
    /// <exception cref="RecordsGoneException">Records that follow <paramref name="after"/> were there once and are no longer held.</exception>
    ValueTask<Checkpoint> FillAsync(EventRecords into, Checkpoint after, long upTo, BatchLimits limits, CancellationToken cancellationToken);
}

/// <summary>How much goes into one batch.</summary>
/// <param name="MaxRecords">Most records.</param>
/// <param name="MaxBytes">Most bytes of text, unless a single record is larger.</param>
/// <param name="MaxWait">How long to go on filling after the first record is there.</param>
public readonly record struct BatchLimits(int MaxRecords, int MaxBytes, TimeSpan MaxWait)
{
    /// <summary>No limit: for the edges of a batch that were stored.</summary>
    public static readonly BatchLimits None = new(int.MaxValue, int.MaxValue, TimeSpan.Zero);
}

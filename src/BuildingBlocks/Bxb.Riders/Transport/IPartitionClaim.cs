using Bxb.EventLog.Records;

namespace Bxb.Riders.Transport;

/// <summary>The right to read one partition for one group, until it is disposed of or lost.</summary>
/// <remarks>Read by one reader at a time. Disposing gives the partition free for other hosts at once; it does not wait for the group's consumer.</remarks>
public interface IPartitionClaim : IAsyncDisposable
{
    /// <summary>The partition's number, from 0.</summary>
    int Partition { get; }

    /// <summary>Fires when the claim is gone, or cannot be known to hold: somebody else may read the partition now.</summary>
    CancellationToken Lost { get; }

    /// <summary>The highest position known to be there for reading: lag is counted to it. Costs nothing.</summary>
    long Head { get; }

    /// <summary>The position behind which a group without progress begins.</summary>
    ValueTask<long> FindStartAsync(StartFrom startFrom, CancellationToken cancellationToken);

    /// <summary>Fills an empty buffer with the records that follow a position.</summary>
    /// <param name="into">The caller's; untouched by the transport after the call.</param>
    /// <param name="after">Records above this position are wanted.</param>
    /// <param name="upTo">
    /// Records above this one are not. <see cref="long.MaxValue"/>: waits for the first record, then until the limits are reached. Less: all that lies between was there
    /// before, and nothing is waited for.
    /// </param>
    /// <param name="limits">How much at most; one record is taken whatever its size.</param>
    /// <param name="cancellationToken">Ends the wait; the buffer may then hold anything.</param>
    /// <returns>The position up to which the partition was read: at or above the last record's. With no record at all when only gaps were found.</returns>
    ValueTask<long> FillAsync(EventRecords into, long after, long upTo, BatchLimits limits, CancellationToken cancellationToken);
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

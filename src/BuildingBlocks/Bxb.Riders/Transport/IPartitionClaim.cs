using Bxb.EventLog.Records;

namespace Bxb.Riders.Transport;

/// <summary>The right to read one partition for one group, until it is disposed of or lost.</summary>
/// <remarks>Read by one reader at a time. Disposing gives the partition free for other hosts at once; it does not wait for the group's consumer.</remarks>
public interface IPartitionClaim : IAsyncDisposable
{
    /// <summary>The partition's number, from 0.</summary>
    int Partition { get; }

    /// <summary>The Kafka topic; null for the log itself.</summary>
    string? Topic { get; }

    /// <summary>
    /// Names the partitioned stream for good: progress that was stored under another name counts in positions only, and its offsets and partitions mean nothing here.
    /// </summary>
    string Stream { get; }

    /// <summary>Fires when the partition is wanted elsewhere: nothing new is begun, the batch in hand may finish, and disposal is waited for. Fires before <see cref="Lost"/>, or never.</summary>
    CancellationToken Ending { get; }

    /// <summary>Fires when the claim is gone, or cannot be known to hold: somebody else may read the partition now.</summary>
    CancellationToken Lost { get; }

    /// <summary>Fills an empty buffer with the records that follow a position.</summary>
    /// <param name="into">The caller's; untouched by the transport after the call.</param>
    /// <param name="after">Records above its position are wanted.</param>
    /// <param name="upTo">
    /// Records above this one are not. <see cref="long.MaxValue"/>: waits for the first record, then until the limits are reached. Less: all that lies between was there
    /// before, and nothing is waited for.
    /// </param>
    /// <param name="limits">How much at most; one record is taken whatever its size.</param>
    /// <param name="cancellationToken">Ends the wait; the buffer may then hold anything.</param>
    /// <returns>How far the partition was read: at or above the last record's position. With no record at all when only gaps were found.</returns>
    ValueTask<ReadMark> FillAsync(EventRecords into, ReadMark after, long upTo, BatchLimits limits, CancellationToken cancellationToken);

    /// <summary>Tells the transport what was stored as progress, for its own tools. Costs nothing; nothing depends on it.</summary>
    void Stored(ReadMark progress);
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

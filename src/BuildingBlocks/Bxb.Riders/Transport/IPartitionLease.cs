namespace Bxb.Riders.Transport;

/// <summary>The right to read one partition for one group, until it is disposed of or lost.</summary>
/// <remarks>Read by one reader at a time. Disposing gives the partition free for other hosts at once; it does not wait for the group's consumer.</remarks>
public interface IPartitionLease : IRecordSource, IAsyncDisposable
{
    /// <summary>The partition's number, from 0.</summary>
    int Partition { get; }

    /// <summary>The Kafka topic; null for the log itself.</summary>
    string? Topic { get; }

    /// <summary>
    /// Names the partitioned stream for good: progress that was stored under another name counts in positions only, and its offsets and partitions mean nothing here. Of a topic:
    /// the transport's name, the topic's and the topic's id, with slashes between them.
    /// </summary>
    string Stream { get; }

    /// <summary>Fires when the partition is wanted elsewhere: nothing new is begun, the batch in hand may finish, and disposal is waited for. Fires before <see cref="Lost"/>, or never.</summary>
    CancellationToken Ending { get; }

    /// <summary>Fires when the claim is gone, or cannot be known to hold: somebody else may read the partition now.</summary>
    CancellationToken Lost { get; }

    /// <summary>Tells the transport what was stored as progress, for its own tools. Costs nothing; nothing depends on it.</summary>
    void Stored(Checkpoint progress);
}

namespace Bxb.Riders.Transport;

/// <summary>The right to read one partition for one group, until it is disposed of or lost.</summary>
/// <remarks>One reader at a time. Disposal releases the partition for other hosts at once; it does not wait for the group's consumer.</remarks>
public interface IPartitionLease : IRecordSource, IAsyncDisposable
{
    /// <summary>The partition's number, from 0.</summary>
    int Partition { get; }

    /// <summary>The Kafka topic; null for the log itself.</summary>
    string? Topic { get; }

    /// <summary>
    /// Permanent name of the partitioned stream. Progress that was stored under another name is valid in positions only: its offsets and partitions have no meaning here. For a topic:
    /// the transport's name, the topic's name and the topic's id, separated by slashes.
    /// </summary>
    string Stream { get; }

    /// <summary>
    /// Fires when another host is to get the partition: no new batch is started, the batch in flight may finish, and the transport waits for disposal. Fires before <see cref="Lost"/>, or
    /// never.
    /// </summary>
    CancellationToken Ending { get; }

    /// <summary>Fires when the lease is lost or can no longer be confirmed: another host may read the partition now.</summary>
    CancellationToken Lost { get; }

    /// <summary>Reports the stored progress, for the transport's own tools only. Costs no I/O.</summary>
    void Stored(Checkpoint progress);
}

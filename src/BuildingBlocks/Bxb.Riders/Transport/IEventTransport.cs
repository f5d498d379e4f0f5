namespace Bxb.Riders.Transport;

/// <summary>The source of the records of all consumer groups of a host: the PostgreSQL log or Kafka.</summary>
/// <remarks>
/// A transport leases partitions and reads them. Progress and batch edges are stored in PostgreSQL for every transport, in positions, and are fenced by an epoch that grows with each new
/// owner. Two hosts may therefore hold a lease on one partition for a while without harm to progress. Positions grow within a partition. Thread-safe.
/// </remarks>
public interface IEventTransport
{
    /// <summary>The transport's name in the settings.</summary>
    string Name { get; }

    /// <summary>The topic between the log and the groups; null when they read the log itself.</summary>
    IEventTopic? Topic { get; }

    /// <summary>The number of partitions that is known now; it only grows. A group tries to lease that many at once.</summary>
    int Partitions { get; }

    /// <summary>The position up to which the log's records have reached the transport. Records above it are lag of every group.</summary>
    long Delivered { get; }

    /// <summary>Completes when there are more partitions than <paramref name="known"/>.</summary>
    Task WaitForPartitionsAsync(int known, CancellationToken cancellationToken);

    /// <summary>Waits until this host may read a partition of the group that it does not already lease.</summary>
    /// <param name="group">The group.</param>
    /// <param name="waiting">Called when the transport answers and another host holds the partition: nothing is wrong, and this host waits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Exception">Any: the caller retries after a pause.</exception>
    Task<IPartitionLease> AcquireAsync(string group, Action waiting, CancellationToken cancellationToken);

    /// <summary>Ends this host's membership in the group. All its leases have been disposed of.</summary>
    Task LeaveAsync(string group);

    /// <summary>The number of records that the transport holds above a checkpoint of a partition; an upper bound where only positions are known. Costs no I/O.</summary>
    long CountLag(int partition, Checkpoint reached);
}

namespace Bxb.Riders.Transport;

/// <summary>Where consumer groups get their records from. One for the whole host; two exist: the PostgreSQL log and Kafka.</summary>
/// <remarks>
/// A transport says who may read a partition and reads it. Progress and batch edges are kept in PostgreSQL for every transport, in positions, and fenced by an epoch that
/// grows with each take-over: so a claim may be held twice for a while without harm to progress. Within a partition positions only grow. Thread-safe.
/// </remarks>
public interface IEventTransport
{
    /// <summary>The transport's name, as the settings know it.</summary>
    string Name { get; }

    /// <summary>The topic that stands between the log and the groups; null when they read the log itself.</summary>
    IEventTopic? Topic { get; }

    /// <summary>How many partitions a group has, as far as is known now; it only grows. So many claims are sought at once.</summary>
    int Partitions { get; }

    /// <summary>The position up to which the log's records have reached the transport: what lies beyond is behind for every group.</summary>
    long Delivered { get; }

    /// <summary>Ends when there are more partitions than <paramref name="known"/>.</summary>
    Task WaitForPartitionsAsync(int known, CancellationToken cancellationToken);

    /// <summary>Waits until this host may read a partition of the group, one that it has not claimed already.</summary>
    /// <param name="group">The group.</param>
    /// <param name="waiting">Called when the transport answers and the partition is somebody else's: all is well, and this host waits for its turn.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Exception">Anything: the loop backs off and asks again.</exception>
    Task<IPartitionLease> AcquireAsync(string group, Action waiting, CancellationToken cancellationToken);

    /// <summary>This host reads the group no longer; all its claims were disposed of.</summary>
    Task LeaveAsync(string group);

    /// <summary>How many records of a partition that the transport holds lie beyond a mark; an upper bound where only positions are known. Costs nothing.</summary>
    long CountLag(int partition, Checkpoint reached);
}

using Bxb.EventLog.Records;

namespace Bxb.Riders.Transport;

/// <summary>A topic that stands between the log and its readers: which records it holds, and how its offsets and the log's positions go together. Thread-safe.</summary>
public interface IEventTopic
{
    /// <summary>The topic's name.</summary>
    string Name { get; }

    /// <summary>
    /// The partition into which a record of the log was relayed, or will be. Where partitions were added to the topic later, by the number that there was when the record was relayed: who reads the log
    /// instead of the topic must find in each partition exactly what the topic held there.
    /// </summary>
    int PartitionOf(EventRecord record);

    /// <summary>What every partition holds just now, by partition.</summary>
    /// <exception cref="Exception">Anything: the brokers do not answer.</exception>
    Task<IReadOnlyList<TopicSpan>> FindSpansAsync(CancellationToken cancellationToken);

    /// <summary>The position that lies just below an offset: the partition's records from that offset on are those above the position, and no others.</summary>
    /// <returns>Null when the partition does not hold the offset, which may also be its end.</returns>
    /// <exception cref="Exception">Anything: the brokers do not answer.</exception>
    Task<long?> FindPositionAsync(int partition, long offset, CancellationToken cancellationToken);
}

/// <summary>What a partition of a topic holds.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="HeldAbove">Every record of the partition above this position is held; 0 when none was ever deleted.</param>
/// <param name="FirstOffset">The lowest offset that can be read.</param>
/// <param name="EndOffset">The offset that the next record will have.</param>
public readonly record struct TopicSpan(int Partition, long HeldAbove, long FirstOffset, long EndOffset);

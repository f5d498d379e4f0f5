using Bxb.EventLog.Records;

namespace Bxb.Riders.Transport;

/// <summary>A topic between the log and its readers: which records it holds, and how its offsets relate to the log's positions. Thread-safe.</summary>
public interface IEventTopic
{
    /// <summary>The topic's name.</summary>
    string Name { get; }

    /// <summary>
    /// The partition into which a record of the log was relayed, or will be. If partitions were added later, the number of partitions at the time of the relay counts: a reader of the log
    /// must find in each partition exactly what the topic held there.
    /// </summary>
    int PartitionOf(EventRecord record);

    /// <summary>What every partition holds now, by partition.</summary>
    /// <exception cref="Exception">Any: the brokers do not answer.</exception>
    Task<IReadOnlyList<TopicSpan>> FindSpansAsync(CancellationToken cancellationToken);

    /// <summary>The position just below an offset: the partition's records from that offset on are exactly those above the position.</summary>
    /// <returns>Null when the partition does not hold the offset; the offset may also be the partition's end.</returns>
    /// <exception cref="Exception">Any: the brokers do not answer.</exception>
    Task<long?> FindPositionAsync(int partition, long offset, CancellationToken cancellationToken);
}

/// <summary>What a partition of a topic holds.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="HeldAbove">Every record of the partition above this position is held; 0 when none was ever deleted.</param>
/// <param name="FirstOffset">The lowest offset that can be read.</param>
/// <param name="EndOffset">The offset of the next record.</param>
public readonly record struct TopicSpan(int Partition, long HeldAbove, long FirstOffset, long EndOffset);

namespace Bxb.Riders;

/// <summary>What a consumer group is doing.</summary>
public enum ConsumerGroupState
{
    /// <summary>Has records to process and processes them.</summary>
    Running,

    /// <summary>Has processed everything that is settled.</summary>
    Idle,

    /// <summary>Its last try failed, or what it needs is away; it tries again by itself.</summary>
    Retrying,

    /// <summary>No host reads it.</summary>
    Stopped,
}

/// <summary>How far a consumer group is.</summary>
/// <param name="Group">Its name.</param>
/// <param name="Position">The progress: everything up to this position is processed, or among the dead letters.</param>
/// <param name="LagEvents">Records still to come: those of its partitions and those that the transport does not have yet. An upper bound where only positions are known, since they have gaps.</param>
/// <param name="LagSeconds">Age of the oldest record that is not processed, seconds; 0 when there is none; null when the log does not say in time.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Error">Why it retries, one line; null when nothing is wrong.</param>
/// <param name="Owner">The host that reads it, or read it last; null when none ever did. One of them where partitions have several.</param>
/// <param name="Partitions">Its partitions; the log itself is one.</param>
public sealed record ConsumerGroupStatus(
    string Group, long Position, long LagEvents, double? LagSeconds, ConsumerGroupState State, string? Error, string? Owner, IReadOnlyList<PartitionStatus> Partitions);

/// <summary>How far a consumer group is in one partition.</summary>
/// <param name="Partition">Its number, from 0.</param>
/// <param name="Position">Everything of the partition up to this position is processed.</param>
/// <param name="Offset">The Kafka offset of what follows; -1 for the log itself, or when it is not known.</param>
/// <param name="LagEvents">Records of the partition still to come, as far as the transport has them.</param>
/// <param name="LagSeconds">An upper bound of the age of the oldest of them, seconds; 0 when there is none; null when the log does not say in time.</param>
/// <param name="Owner">The host that reads it, or read it last.</param>
/// <param name="Error">Why it does not get on, one line; null when nothing is wrong.</param>
public sealed record PartitionStatus(int Partition, long Position, long Offset, long LagEvents, double? LagSeconds, string Owner, string? Error);

/// <summary>What is stored of one partition of a group.</summary>
/// <param name="Topic">The Kafka topic; null for the log itself.</param>
/// <param name="Partition">Its number, from 0.</param>
/// <param name="Position">Everything of the partition up to this position is processed.</param>
/// <param name="LastRecord">No record of the partition lies between this position and <paramref name="Position"/>.</param>
/// <param name="IsCurrent">
/// Whether a host reads the partition now and has compared the consumer's store with <paramref name="Position"/>: then the store holds that much. Else the store may have been
/// replaced by an older copy since, and its own checkpoint says what it holds.
/// </param>
public readonly record struct GroupPartition(string? Topic, int Partition, long Position, long LastRecord, bool IsCurrent);

namespace Bxb.Riders;

/// <summary>What a consumer group does now.</summary>
public enum ConsumerGroupState
{
    /// <summary>Processes records.</summary>
    Running,

    /// <summary>Has processed everything that is settled.</summary>
    Idle,

    /// <summary>The last attempt failed; the group retries by itself.</summary>
    Retrying,

    /// <summary>No host reads it.</summary>
    Stopped,
}

/// <summary>The status of a consumer group.</summary>
/// <param name="Group">The group.</param>
/// <param name="Position">Its progress: everything up to this position is processed, or a dead letter.</param>
/// <param name="LagEvents">Unprocessed records: those of its partitions and those that the transport does not have yet. An upper bound where only positions are known, since positions have
/// gaps.</param>
/// <param name="LagSeconds">Age of the oldest record that is not processed, seconds; 0 when there is none; null when the log does not answer in time.</param>
/// <param name="State">What it does now.</param>
/// <param name="Error">The current failure in one line; null when nothing is wrong.</param>
/// <param name="Owner">The host that reads it, or read it last; null when none ever did. If several hosts read its partitions, one of them.</param>
/// <param name="Partitions">Its partitions; the log itself is one.</param>
public sealed record ConsumerGroupStatus(
    string Group, long Position, long LagEvents, double? LagSeconds, ConsumerGroupState State, string? Error, string? Owner, IReadOnlyList<PartitionStatus> Partitions);

/// <summary>The status of a consumer group in one partition.</summary>
/// <param name="Partition">Its number, from 0.</param>
/// <param name="Position">Everything of the partition up to this position is processed.</param>
/// <param name="Offset">The Kafka offset of the next record; -1 for the log itself, or when it is not known.</param>
/// <param name="LagEvents">Unprocessed records of the partition that the transport has.</param>
/// <param name="LagSeconds">An upper bound of the age of the oldest of them, seconds; 0 when there is none; null when the log does not answer in time.</param>
/// <param name="Owner">The host that reads it, or read it last.</param>
/// <param name="Error">The current failure in one line; null when nothing is wrong.</param>
public sealed record PartitionStatus(int Partition, long Position, long Offset, long LagEvents, double? LagSeconds, string Owner, string? Error);

/// <summary>The stored state of one partition of a group.</summary>
/// <param name="Topic">The Kafka topic; null for the log itself.</param>
/// <param name="Partition">Its number, from 0.</param>
/// <param name="Position">Everything of the partition up to this position is processed.</param>
/// <param name="LastRecord">No record of the partition lies between this position and <paramref name="Position"/>.</param>
/// <param name="IsCurrent">
/// Whether a host reads the partition now and has compared the consumer's store with <paramref name="Position"/>: the store then holds everything up to it. If not, the store may have been
/// replaced by an older copy, and only its own checkpoint tells what it holds.
/// </param>
public readonly record struct GroupPartition(string? Topic, int Partition, long Position, long LastRecord, bool IsCurrent);

using Bxb.EventLog.Records;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Progress;

/// <summary>First and last position of a batch, both inclusive, and their offsets: -1 where the log itself is read.</summary>
internal readonly record struct BatchEdges(long First, long Last, long FirstOffset = -1, long LastOffset = -1)
{
    /// <summary>Where reading continues after the batch.</summary>
    public Checkpoint End => new(Last, LastOffset < 0 ? -1 : LastOffset + 1);

    /// <summary>The edges of a batch of at least one record.</summary>
    public static BatchEdges Of(EventRecords records) => new(records.FirstPosition, records.LastPosition, records[0].Offset, records[records.Count - 1].Offset);
}

/// <summary>The stored state of a partition that a new owner takes over.</summary>
/// <param name="Progress">Everything up to it is processed.</param>
/// <param name="InFlight">The batch that the previous owner had in flight; how much of it was processed is unknown.</param>
/// <param name="RepeatUntil">Everything up to this position was delivered before; 0 when no rewind is in progress.</param>
/// <param name="Epoch">The epoch of this ownership; higher than any before.</param>
/// <param name="IsNew">Whether the group had no progress.</param>
internal readonly record struct StoredProgress(Checkpoint Progress, BatchEdges? InFlight, long RepeatUntil, long Epoch, bool IsNew);

/// <summary>One ownership of one partition. Every write must match its epoch.</summary>
internal readonly record struct PartitionOwnership(string Group, int Partition, long Epoch);

/// <summary>The stored state of one partition of a group, as other hosts see it.</summary>
/// <param name="Group">The group.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Stream">The stream of the partition; see <see cref="IPartitionLease.Stream"/>.</param>
/// <param name="Progress">Everything up to it is processed, even while older records are delivered again.</param>
/// <param name="LastRecord">No record of the partition lies between this position and the progress.</param>
/// <param name="Owner">The host that reads it, or read it last.</param>
/// <param name="Error">The current failure; null when nothing is wrong.</param>
/// <param name="IsRead">Whether its owner has confirmed recently that it reads it.</param>
/// <param name="IsCompared">Whether the last owner has compared the consumer's store with the progress.</param>
internal readonly record struct PartitionRow(
    string Group, int Partition, string Stream, Checkpoint Progress, long LastRecord, string Owner, string? Error, bool IsRead, bool IsCompared);

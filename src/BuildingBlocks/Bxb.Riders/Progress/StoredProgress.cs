using Bxb.Riders.Transport;

namespace Bxb.Riders.Progress;

/// <summary>First and last position of a batch, both inclusive, and their offsets: -1 where the log itself is read.</summary>
internal readonly record struct BatchEdges(long First, long Last, long FirstOffset = -1, long LastOffset = -1);

/// <summary>What a new owner of a partition finds, and under which epoch it owns it.</summary>
/// <param name="Progress">Everything up to here is processed; while a replay runs, that the replay has delivered everything up to here.</param>
/// <param name="InFlight">The batch that the owner before had in hand: nobody knows how far it came.</param>
/// <param name="RepeatUntil">Everything up to here was delivered once already; 0 when no rewind is under way.</param>
/// <param name="Epoch">This ownership; higher than any before.</param>
/// <param name="IsNew">Whether the group had no progress.</param>
/// <param name="Replay">The partition's part in a replay, if one was begun.</param>
internal readonly record struct StoredProgress(Checkpoint Progress, BatchEdges? InFlight, long RepeatUntil, long Epoch, bool IsNew, ReplayRange? Replay = null)
{
    /// <summary>Everything up to here is processed, whatever comes again just now.</summary>
    public Checkpoint Processed => Replay?.Resume ?? Progress;
}

/// <summary>One ownership of one partition: what every write names.</summary>
internal readonly record struct PartitionOwnership(string Group, int Partition, long Epoch);

/// <summary>What is stored of one partition of a group.</summary>
/// <param name="Group">The group.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Stream">The stream that it is a partition of; see <see cref="IPartitionLease.Stream"/>.</param>
/// <param name="Progress">Everything up to here is processed, also while a replay delivers it again.</param>
/// <param name="LastRecord">No record of the partition lies between this position and the progress.</param>
/// <param name="Owner">The host that reads it, or read it last.</param>
/// <param name="Error">Why it does not get on; null when nothing is wrong.</param>
/// <param name="IsRead">Whether a host reads it: its owner has confirmed that lately.</param>
/// <param name="IsCompared">Whether the last owner has compared the consumer's store with the progress.</param>
internal readonly record struct PartitionRow(
    string Group, int Partition, string Stream, Checkpoint Progress, long LastRecord, string Owner, string? Error, bool IsRead, bool IsCompared);

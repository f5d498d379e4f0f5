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
internal readonly record struct StoredProgress(ReadMark Progress, BatchEdges? InFlight, long RepeatUntil, long Epoch, bool IsNew, LaneReplay? Replay = null)
{
    /// <summary>Everything up to here is processed, whatever comes again just now.</summary>
    public ReadMark Processed => Replay?.Resume ?? Progress;
}

/// <summary>One ownership of one partition: what every write names.</summary>
internal readonly record struct PartitionOwnership(string Group, int Partition, long Epoch);

/// <summary>What stands in the table for one partition of a group, whoever owns it. Progress is what was processed, whatever a replay delivers again just now.</summary>
internal readonly record struct PartitionRow(int Partition, ReadMark Progress, string Owner, string? Error);

namespace Bxb.Riders.Progress;

/// <summary>First and last position of a batch, both inclusive.</summary>
internal readonly record struct BatchEdges(long First, long Last);

/// <summary>What a new owner of a partition finds, and under which epoch it owns it.</summary>
/// <param name="Progress">Everything up to here is processed.</param>
/// <param name="InFlight">The batch that the owner before had in hand: nobody knows how far it came.</param>
/// <param name="RepeatUntil">Everything up to here was delivered once already; 0 when no rewind is under way.</param>
/// <param name="Epoch">This ownership; higher than any before.</param>
/// <param name="IsNew">Whether the group had no progress.</param>
internal readonly record struct StoredProgress(long Progress, BatchEdges? InFlight, long RepeatUntil, long Epoch, bool IsNew);

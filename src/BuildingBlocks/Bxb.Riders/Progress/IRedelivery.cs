using System.Data.Common;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Progress;

/// <summary>Stores which ranges partitions are to deliver again, and how far they are. Optional: without it nothing is delivered again on request. Thread-safe.</summary>
/// <remarks>
/// A range has its own progress and batch edges; the group's progress stays where it is until the range has ended. Every write must match the owner's epoch: it returns false, and changes
/// nothing, when another host owns the partition.
/// </remarks>
internal interface IRedelivery
{
    /// <summary>The range that the partition has begun; null when there is none.</summary>
    Task<RedeliveryRange?> ResumeAsync(PartitionOwnership owned, CancellationToken cancellationToken);

    /// <summary>Begins the requested range. Called when no batch is in flight.</summary>
    /// <returns>Null when no range is requested.</returns>
    Task<RedeliveryRange?> BeginAsync(PartitionOwnership owned, CancellationToken cancellationToken);

    /// <summary>Whether the rest of the range is no longer requested.</summary>
    Task<bool> IsWithdrawnAsync(PartitionOwnership owned, RedeliveryRange range, CancellationToken cancellationToken);

    /// <summary>Stores the progress of the range, and in the same statement the edges of the next batch, if there is one.</summary>
    Task<bool> StoreAsync(PartitionOwnership owned, RedeliveryRange range, BatchEdges? next, CancellationToken cancellationToken);

    /// <summary>Stores the progress of the range in a transaction of the consumer; it never decreases by this call.</summary>
    Task<bool> StoreWithinAsync(DbTransaction transaction, PartitionOwnership owned, RedeliveryRange range, Checkpoint progress, CancellationToken cancellationToken);

    /// <summary>Ends the partition's range, complete or not.</summary>
    Task<bool> EndAsync(PartitionOwnership owned, RedeliveryRange range, CancellationToken cancellationToken);

    /// <summary>Ends a group's ranges of other streams, in the transaction that deletes the progress there.</summary>
    Task AbandonAsync(DbTransaction transaction, string group, string stream, CancellationToken cancellationToken);
}

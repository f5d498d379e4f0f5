using System.Data.Common;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Delivery;

/// <summary>
/// How far a partition was delivered: the group's progress, or that of a range that is delivered again. Storing throws <see cref="OwnershipLostException"/> when another host owns the
/// partition.
/// </summary>
internal interface IDeliveryTracker
{
    /// <summary>Everything up to it was delivered.</summary>
    Checkpoint Progress { get; }

    /// <summary>Everything up to this position was delivered before.</summary>
    long RepeatUntil { get; }

    /// <summary>The last position to deliver; <see cref="long.MaxValue"/> for no end.</summary>
    long Until { get; }

    /// <summary>Whether the event log is read instead of the transport.</summary>
    bool FromLog { get; }

    /// <summary>Advances after a batch was processed or a gap was read.</summary>
    /// <param name="reached">How far the partition was read.</param>
    /// <param name="records">The number of processed records.</param>
    /// <param name="lastRecord">The position of the last of them; 0 for none.</param>
    void Advance(Checkpoint reached, int records, long lastRecord);

    /// <summary>Stores the state if it has changed.</summary>
    Task StoreAsync();

    /// <summary>Stores the state and the edges of the next batch in one statement.</summary>
    Task StoreAsync(BatchEdges? next);

    /// <summary>Stores progress in a transaction of the consumer.</summary>
    /// <returns>False when another host owns the partition: the transaction must not be committed.</returns>
    Task<bool> StoreWithinAsync(DbTransaction transaction, Checkpoint progress, CancellationToken cancellationToken);
}

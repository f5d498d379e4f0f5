using System.Data.Common;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Delivery;

/// <summary>The state of an owned partition in memory: the group's progress and the end of a rewind. Stores it under the owner's epoch. Used by one worker.</summary>
internal sealed class ProgressTracker(PartitionSession session, StoredProgress found, ConsumerProgress store, GroupActivity group) : IDeliveryTracker
{
    private readonly PartitionActivity _activity = group.Partition(session.Ownership.Partition);
    private bool _isDirty;
    private long _lastRecord;
    private long _handedOut = found.InFlight?.Last ?? 0;

    public Checkpoint Progress { get; private set; } = found.Progress;

    public long RepeatUntil { get; private set; } = found.RepeatUntil;

    public long Until => long.MaxValue;

    public bool FromLog => false;

    public void Advance(Checkpoint reached, int records, long lastRecord)
    {
        (Progress, _isDirty) = (reached, true);
        _lastRecord = Math.Max(_lastRecord, lastRecord);
    }

    /// <summary>Goes back to the position up to which the consumer's store holds everything. Everything handed out above it is delivered as a repeat.</summary>
    public void Rewind(long durable)
    {
        RepeatUntil = Math.Max(RepeatUntil, Math.Max(Progress.Position, _handedOut));
        Progress = durable < Progress.Position ? new Checkpoint(durable) : Progress;
        _isDirty = true;
    }

    public Task StoreAsync() => _isDirty ? StoreAsync(next: null) : Task.CompletedTask;

    public async Task StoreAsync(BatchEdges? next)
    {
        session.ThrowIfAborting();
        _handedOut = next?.Last ?? _handedOut;
        await session.EnsureOwnedAsync(store.StoreAsync(session.Ownership, Progress, _lastRecord, next, RepeatUntil, session.Aborting));
        _isDirty = false;
        group.Advance(session.Ownership.Partition, Progress);
        session.Lease.Stored(Progress);
        _activity.Moved();
    }

    public Task<bool> StoreWithinAsync(DbTransaction transaction, Checkpoint progress, CancellationToken cancellationToken) =>
        ConsumerProgress.StoreWithinAsync(transaction, session.Ownership, progress, cancellationToken);

    /// <summary>Stores that the consumer's store was compared with the progress.</summary>
    public Task StoreComparedAsync() => session.EnsureOwnedAsync(store.StoreComparedAsync(session.Ownership, session.Aborting));
}

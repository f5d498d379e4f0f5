using System.Data.Common;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Delivery;

/// <summary>The range that a partition delivers again: begins it on request, tracks it, and ends it. The group's own records wait meanwhile. Used by one worker.</summary>
/// <remarks>The range ends at the latest at the group's progress: if the partition is rewound below its end, the group delivers the records from there on itself.</remarks>
internal sealed class PartitionRedelivery(PartitionSession session, IRedelivery? store, ProgressTracker live, PartitionActivity activity) : IDeliveryTracker
{
    private RedeliveryRange? _range;
    private bool _isDirty;

    /// <summary>What is delivered now: the range if there is one, otherwise the group's own records.</summary>
    public IDeliveryTracker Active => IsActive ? this : live;

    /// <summary>Whether a range is delivered now.</summary>
    public bool IsActive => _range is not null;

    /// <summary>The batch of the range that the previous owner had in flight.</summary>
    public BatchEdges? InFlight => _range?.InFlight;

    public Checkpoint Progress => Range.Progress;

    public long RepeatUntil => long.MaxValue;

    public long Until => Math.Min(Range.Until, live.Progress.Position);

    public bool FromLog => Range.FromLog;

    private RedeliveryRange Range => _range!.Value;

    /// <summary>Finds the range that an earlier owner has begun.</summary>
    public async Task ResumeAsync() => Set(store is null ? null : await store.ResumeAsync(session.Ownership, session.Aborting));

    /// <summary>Begins a requested range, or ends the current one if it is withdrawn. Called between two batches.</summary>
    /// <returns>Whether another reader is needed.</returns>
    public async ValueTask<bool> ServeAsync()
    {
        if (_range is not null)
        {
            return !await MayRetryAsync() && await EndAsync();
        }

        if (store is null)
        {
            return false;
        }

        session.ThrowIfAborting();
        if (await store.BeginAsync(session.Ownership, session.Aborting) is not { } begun)
        {
            return false;
        }

        Set(begun);
        await live.StoreAsync();
        return true;
    }

    /// <summary>Whether a batch that failed may be retried: not when it belongs to a range that is withdrawn.</summary>
    public async Task<bool> MayRetryAsync() => _range is not { } range || !await store!.IsWithdrawnAsync(session.Ownership, range, session.Aborting);

    /// <summary>Ends the range if it is complete.</summary>
    public Task EndIfCompleteAsync() => _range is not null && Progress.Position >= Until ? EndAsync() : Task.CompletedTask;

    /// <summary>Ends the range, complete or not; the group continues behind its own progress.</summary>
    /// <returns>Always true: another reader is needed.</returns>
    public async Task<bool> EndAsync()
    {
        session.ThrowIfAborting();
        await session.EnsureOwnedAsync(store!.EndAsync(session.Ownership, Range with { Until = Until }, session.Aborting));
        Set(null);
        return true;
    }

    public void Advance(Checkpoint reached, int records, long lastRecord) =>
        (_range, _isDirty) = (Range with { Progress = reached, Events = Range.Events + records }, true);

    public Task StoreAsync() => _isDirty ? StoreAsync(next: null) : Task.CompletedTask;

    public async Task StoreAsync(BatchEdges? next)
    {
        session.ThrowIfAborting();
        await session.EnsureOwnedAsync(store!.StoreAsync(session.Ownership, Range, next, session.Aborting));
        _isDirty = false;
        activity.Moved();
    }

    public Task<bool> StoreWithinAsync(DbTransaction transaction, Checkpoint progress, CancellationToken cancellationToken) =>
        store!.StoreWithinAsync(transaction, session.Ownership, Range, progress, cancellationToken);

    private void Set(RedeliveryRange? range)
    {
        (_range, _isDirty) = (range, false);
        activity.Redelivering(range is not null);
        activity.Moved();
    }
}

using Bxb.Riders.Progress;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Delivery;

/// <summary>The state of an owned partition in memory: its progress, the end of a rewind, and its range in a replay. Stores it under the owner's epoch.</summary>
/// <remarks>
/// Used by one worker. During a replay, <see cref="Progress"/> is the replay's, and <see cref="Processed"/> stays where live reading continues: other components see that one.
/// Storing throws <see cref="OwnershipLostException"/> when another host owns the partition.
/// </remarks>
internal sealed class ProgressTracker(PartitionSession session, StoredProgress found, ConsumerProgress store, PartitionReplayStore replays, GroupActivity group)
{
    private readonly PartitionActivity _activity = group.Partition(session.Ownership.Partition);
    private bool _isDirty;
    private long _lastRecord;
    private long _handedOut = found.InFlight?.Last ?? 0;

    /// <summary>Everything up to it was delivered: live, or again by the replay.</summary>
    public Checkpoint Progress { get; private set; } = found.Progress;

    /// <summary>Everything up to this position was delivered before.</summary>
    public long RepeatUntil { get; private set; } = found.RepeatUntil;

    /// <summary>The range of the replay in progress; null when there is none.</summary>
    public ReplayRange? Replay { get; private set; } = found.Replay;

    /// <summary>Everything up to it is processed, even while a replay delivers older records again.</summary>
    public Checkpoint Processed => Replay?.Resume ?? Progress;

    /// <summary>Advances after a batch was processed or a gap was read.</summary>
    /// <param name="reached">How far the partition was read.</param>
    /// <param name="records">The number of processed records.</param>
    /// <param name="lastRecord">The position of the last of them; 0 for none.</param>
    public void Advance(Checkpoint reached, int records, long lastRecord)
    {
        (Progress, _isDirty) = (reached, true);
        _lastRecord = Math.Max(_lastRecord, lastRecord);
        Replay = Replay is { } replay ? replay with { Events = replay.Events + records } : null;
    }

    /// <summary>Goes back to the position up to which the consumer's store holds everything. Everything handed out above it is delivered as a repeat.</summary>
    public void Rewind(long durable)
    {
        RepeatUntil = Math.Max(RepeatUntil, Math.Max(Processed.Position, _handedOut));
        if (Replay is { } replay)
        {
            // Records lost above the resume position are delivered after the replay; what the replay still has to deliver does not change.
            Replay = replay.RewoundTo(durable);
        }
        else if (durable < Progress.Position)
        {
            Progress = new Checkpoint(durable);
        }

        _isDirty = true;
    }

    /// <summary>Stores the state if it has changed.</summary>
    public Task StoreAsync() => _isDirty ? StoreAsync(next: null) : Task.CompletedTask;

    /// <summary>Stores the state and the edges of the next batch in one statement.</summary>
    public async Task StoreAsync(BatchEdges? next)
    {
        session.ThrowIfAborting();
        _handedOut = next?.Last ?? _handedOut;
        await session.EnsureOwnedAsync(store.StoreAsync(session.Ownership, Progress, _lastRecord, next, RepeatUntil, Replay, session.Aborting));
        Stored();
    }

    /// <summary>Stores that the consumer's store was compared with the progress.</summary>
    public Task StoreComparedAsync() => session.EnsureOwnedAsync(store.StoreComparedAsync(session.Ownership, session.Aborting));

    /// <summary>Begins the requested replay.</summary>
    /// <returns>Whether there is one now; false when the request was withdrawn.</returns>
    public async Task<bool> BeginReplayAsync()
    {
        await StoreAsync();
        session.ThrowIfAborting();
        if (await replays.BeginAsync(session.Ownership, session.Aborting) is not { } begun)
        {
            return false;
        }

        (Progress, RepeatUntil, Replay) = (begun.Progress, begun.RepeatUntil, begun.Replay);
        Stored();
        return true;
    }

    /// <summary>Ends the replay wherever it is: live reading continues.</summary>
    public async Task EndReplayAsync()
    {
        var replay = Replay!.Value;
        session.ThrowIfAborting();
        await session.EnsureOwnedAsync(replays.EndAsync(session.Ownership, replay, Progress, RepeatUntil, session.Aborting));
        (Progress, Replay) = (replay.Resume, null);
        Stored();
    }

    private void Stored()
    {
        _isDirty = false;
        group.Advance(session.Ownership.Partition, Processed);
        session.Lease.Stored(Processed);
        _activity.Replaying(Replay is not null);
        _activity.Moved();
    }
}

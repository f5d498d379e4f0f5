using Bxb.Riders.Progress;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Delivery;

/// <summary>Where a partition's owner stands: its progress, up to where everything comes as a repeat, and its part in a replay; in memory, and stored under the owner's epoch.</summary>
/// <remarks>
/// One worker's. While a replay runs, <see cref="Progress"/> is the replay's and <see cref="Processed"/> stays where live reading will go on: that is what others wait for and see.
/// Storing throws <see cref="OwnershipLostException"/> when the epoch is over.
/// </remarks>
internal sealed class ProgressTracker(PartitionSession duty, StoredProgress found)
{
    private bool _unstored;
    private long _lastRecord;

    /// <summary>Everything up to here was delivered: for good, or again by the replay.</summary>
    public Checkpoint Progress { get; private set; } = found.Progress;

    /// <summary>Everything up to here was delivered once already.</summary>
    public long RepeatUntil { get; private set; } = found.RepeatUntil;

    /// <summary>The part in a replay; null while none is under way here.</summary>
    public ReplayRange? Replay { get; private set; } = found.Replay;

    /// <summary>Everything up to here is processed, whatever comes again just now.</summary>
    public Checkpoint Processed => Replay?.Resume ?? Progress;

    /// <summary>A batch was processed, or a gap was read.</summary>
    /// <param name="mark">How far the partition was read.</param>
    /// <param name="records">Records that were processed.</param>
    /// <param name="lastRecord">The position of the last of them; 0 for none.</param>
    public void Reach(Checkpoint mark, int records, long lastRecord)
    {
        (Progress, _unstored) = (mark, true);
        _lastRecord = Math.Max(_lastRecord, lastRecord);
        Replay = Replay is { } replay ? replay with { Events = replay.Events + records } : null;
    }

    /// <summary>Takes in that the consumer's store surely holds no more than <paramref name="durable"/>; what was handed out up to <paramref name="end"/> will come as a repeat.</summary>
    public void Fall(long durable, long end)
    {
        RepeatUntil = Math.Max(RepeatUntil, Math.Max(Processed.Position, end));
        if (Replay is { } replay)
        {
            // What is lost above the resume mark comes by going on from there; what the replay still has to repeat below it is not changed by that.
            Replay = replay.FallenTo(durable);
        }
        else if (durable < Progress.Position)
        {
            Progress = new Checkpoint(durable);
        }

        _unstored = true;
    }

    /// <summary>Stores what is not stored yet.</summary>
    public Task StoreAsync() => _unstored ? StoreAsync(next: null) : Task.CompletedTask;

    /// <summary>Stores progress and the edges of the batch that comes next.</summary>
    public async Task StoreAsync(BatchEdges? next)
    {
        duty.Abort.ThrowIfCancellationRequested();
        await duty.RequireOwnedAsync(duty.Services.Progress.StoreAsync(duty.Owned, Progress, _lastRecord, next, RepeatUntil, Replay, duty.Abort));
        Stored();
    }

    /// <summary>Begins the replay that was asked for, if it still is.</summary>
    /// <returns>Whether there is one now.</returns>
    public async Task<bool> BeginReplayAsync()
    {
        await StoreAsync();
        duty.Abort.ThrowIfCancellationRequested();
        if (await duty.Services.PartitionReplays.BeginAsync(duty.Owned, duty.Abort) is not { } begun)
        {
            return false;
        }

        (Progress, RepeatUntil, Replay) = (begun.Progress, begun.RepeatUntil, begun.Replay);
        Stored();
        return true;
    }

    /// <summary>Ends the part in the replay, wherever it is: live reading goes on.</summary>
    public async Task LeaveReplayAsync()
    {
        var replay = Replay!.Value;
        duty.Abort.ThrowIfCancellationRequested();
        await duty.RequireOwnedAsync(duty.Services.PartitionReplays.LeaveAsync(duty.Owned, replay, Progress, RepeatUntil, duty.Abort));
        (Progress, Replay) = (replay.Resume, null);
        Stored();
    }

    private void Stored()
    {
        _unstored = false;
        duty.Group.Advance(duty.Owned.Partition, Processed);
        duty.Claim.Stored(Processed);
        duty.Activity.Replaying(Replay is not null);
        duty.Activity.Moved();
    }
}

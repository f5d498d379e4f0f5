using Bxb.EventLog.Retries;
using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Delivery;

/// <summary>Hands a batch to the group's consumer, through its pipeline; ends when the consumer has let go of it. Throws what the consumer threw.</summary>
internal delegate Task DispatchBatch(EventBatch batch, CancellationToken cancellationToken);

/// <summary>One ownership of one partition, from take-over to release: who, with what, and until when.</summary>
/// <param name="Owned">Group, partition, epoch.</param>
/// <param name="Claim">The right to read.</param>
/// <param name="Options">The group's options.</param>
/// <param name="Group">What this host knows of the group.</param>
/// <param name="Activity">Where the partition's progress and errors are shown.</param>
/// <param name="Dispatch">The way to the consumer.</param>
/// <param name="Services">What the host gives.</param>
/// <param name="Stop">The loop's own stop, asked directly: a linked token fires a moment later.</param>
/// <param name="Intake">Fires first at a stop, or when the partition is wanted elsewhere: nothing new is begun, the batch in hand goes on.</param>
/// <param name="Abort">Fires when the batch in hand has to end, or the claim is lost: from then on nothing is written.</param>
internal sealed record PartitionSession(
    PartitionOwnership Owned, IPartitionLease Claim, EventConsumerOptions Options, GroupActivity Group, PartitionActivity Activity, DispatchBatch Dispatch, LoopServices Services,
    CancellationToken Stop, CancellationToken Intake, CancellationToken Abort)
{
    public Backoff Backoff => new(Options.RetryDelay, Options.MaxRetryDelay);

    public bool IsStopping => Stop.IsCancellationRequested || Claim.Ending.IsCancellationRequested || Abort.IsCancellationRequested;

    /// <summary>Pauses between two tries; a stop ends it at once.</summary>
    /// <exception cref="OperationCanceledException">The stop.</exception>
    public async Task PauseAsync(int failures)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(Intake, Abort);
        await Task.Delay(Backoff.After(failures), Services.Time, either.Token);
    }

    /// <summary>Throws unless a write was done under the own epoch.</summary>
    public async Task RequireOwnedAsync(Task<bool> write)
    {
        if (!await write)
        {
            throw new OwnershipLostException(Owned.Group);
        }
    }
}

using Bxb.Riders.Progress;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Delivery;

/// <summary>One ownership of one partition, from take-over to release: the lease, the epoch, and the tokens that end the work. Owns the linked tokens; the lease belongs to the caller.</summary>
internal sealed class PartitionSession : IDisposable
{
    private readonly CancellationToken _stop;
    private readonly CancellationToken _abort;
    private readonly CancellationTokenSource _aborting;
    private readonly CancellationTokenSource _stopping;

    /// <summary>Links the tokens.</summary>
    /// <param name="ownership">Group, partition and epoch.</param>
    /// <param name="lease">The right to read.</param>
    /// <param name="stop">The stop of the group: no new batch is started, the batch in flight may finish.</param>
    /// <param name="abort">Ends the batch in flight, too.</param>
    public PartitionSession(PartitionOwnership ownership, IPartitionLease lease, CancellationToken stop, CancellationToken abort)
    {
        (Ownership, Lease, _stop, _abort) = (ownership, lease, stop, abort);
        _aborting = CancellationTokenSource.CreateLinkedTokenSource(abort, lease.Lost);
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(stop, lease.Ending, abort, lease.Lost);
        (Aborting, Stopping) = (_aborting.Token, _stopping.Token);
    }

    public PartitionOwnership Ownership { get; }

    public IPartitionLease Lease { get; }

    /// <summary>Fires at a stop, when another host is to get the partition, and with <see cref="Aborting"/>. Waits and pauses end.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Fires when the batch in flight must end, or the lease is lost. Nothing is written afterwards.</summary>
    public CancellationToken Aborting { get; }

    /// <summary>Checked directly because linked tokens can signal late.</summary>
    public bool IsStopping => _stop.IsCancellationRequested || Lease.Ending.IsCancellationRequested || IsAborting;

    private bool IsAborting => _abort.IsCancellationRequested || Lease.Lost.IsCancellationRequested;

    /// <summary>Checks a fenced write.</summary>
    /// <exception cref="OwnershipLostException">The write did not match the epoch: another host owns the partition.</exception>
    public async Task EnsureOwnedAsync(Task<bool> write)
    {
        if (!await write)
        {
            throw new OwnershipLostException(Ownership.Group);
        }
    }

    /// <summary>Throws once nothing may be written any more.</summary>
    /// <exception cref="OperationCanceledException">The batch in flight must end.</exception>
    public void ThrowIfAborting() => Aborting.ThrowIfCancellationRequested();

    /// <summary>Throws once the lease is lost.</summary>
    /// <exception cref="OwnershipLostException">Another host may own the partition.</exception>
    public void ThrowIfLost()
    {
        if (Lease.Lost.IsCancellationRequested)
        {
            throw new OwnershipLostException(Ownership.Group);
        }
    }

    public void Dispose()
    {
        _aborting.Dispose();
        _stopping.Dispose();
    }
}

using System.Data.Common;
using Bxb.EventLog.Records;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Delivery;

/// <summary>Passes a batch through the group's pipeline to its consumer. Completes when the consumer no longer uses the batch. Throws what the consumer threw.</summary>
internal delegate Task DispatchBatch(EventBatch batch, CancellationToken cancellationToken);

/// <summary>Calls the consumer once with a part of the records.</summary>
/// <param name="session">The ownership.</param>
/// <param name="dispatch">The group's pipeline.</param>
/// <param name="storeWithin">Stores progress in the consumer's own transaction; returns false when another host owns the partition.</param>
internal sealed class ConsumerCall(PartitionSession session, DispatchBatch dispatch, Func<DbTransaction, Checkpoint, CancellationToken, Task<bool>> storeWithin)
{
    /// <summary>Makes one attempt. After an abort its result does not count, even if the consumer succeeded.</summary>
    /// <returns>Null when the records were processed; the failure otherwise.</returns>
    /// <exception cref="OperationCanceledException">The abort.</exception>
    public async ValueTask<Exception?> TryAsync(EventRecords records, int start, int count, int attempt, bool isRepeat)
    {
        var batch = new EventBatch(session.Ownership.Group, records, start, count, attempt, isRepeat)
        {
            OwnerEpoch = session.Ownership.Epoch,
            Topic = records[start].Offset < 0 ? null : session.Lease.Topic,
            Partition = session.Lease.Partition,
            ProgressWriter = StoreWithinAsync,
        };
        try
        {
            session.ThrowIfAborting();
            await dispatch(batch, session.Aborting);
            session.ThrowIfAborting();
            return null;
        }
        catch (Exception exception) when (!session.Aborting.IsCancellationRequested)
        {
            return exception;
        }
        finally
        {
            batch.Release();
        }
    }

    private async Task StoreWithinAsync(DbTransaction transaction, Checkpoint progress, CancellationToken cancellationToken)
    {
        session.ThrowIfAborting();
        await session.EnsureOwnedAsync(storeWithin(transaction, progress, cancellationToken));
    }
}

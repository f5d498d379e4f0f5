using Bxb.Riders.Progress;
using Bxb.Riders.Reading;

namespace Bxb.Riders.Delivery;

/// <summary>Processes one partition from take-over to release, on one thread at a time: stores a batch's edges, delivers the batch, stores the progress.</summary>
/// <remarks>
/// While batches follow each other, the progress of one and the edges of the next are stored in one statement. Stored requests are served between two batches. Throws
/// <see cref="OwnershipLostException"/> when another host owns the partition, and any failure of PostgreSQL or of the transport. At a stop it returns with the finished work stored.
/// </remarks>
internal sealed class PartitionWorker(
    PartitionSession session, PartitionResume resume, PartitionSource source, PartitionRequests requests, PartitionDelivery delivery, PartitionRedelivery redelivery, ProgressTracker live,
    PartitionRewind rewind, PartitionActivity activity)
{
    /// <summary>Runs until a stop or a failure.</summary>
    public async Task RunAsync()
    {
        await resume.RunAsync();
        while (!session.IsStopping)
        {
            var progress = redelivery.Active;
            await using var reader = source.Open(progress);
            await DeliverFromAsync(reader, progress);
        }

        session.ThrowIfLost();
        await live.StoreAsync();
        await redelivery.Active.StoreAsync();
    }

    /// <summary>Delivers until a stop, or until another reader is needed: at the reader's end, after a rewind, at the start or end of a redelivery, or when the topic lacks the next records.</summary>
    private async Task DeliverFromAsync(ReadAhead reader, IDeliveryTracker progress)
    {
        while (!session.IsStopping)
        {
            if (await requests.ServeAsync())
            {
                return;
            }

            if (progress.Progress.Position >= reader.Until)
            {
                await redelivery.EndIfCompleteAsync();
                return;
            }

            using var batch = reader.TryTake();
            if (batch is null)
            {
                await progress.StoreAsync();
                if (reader.RecordsGone is { } gone)
                {
                    source.ReadFromLog(gone, progress.Progress.Position);
                    return;
                }

                activity.Pending(0);
                await requests.WaitForBatchAsync(reader);
                continue;
            }

            if (batch.Records.Count > 0)
            {
                await progress.StoreAsync(BatchEdges.Of(batch.Records));
                if (!await delivery.DeliverAsync(batch.Records, batch.IsRepeat))
                {
                    return;
                }
            }

            progress.Advance(batch.Reached, batch.Records.Count, batch.Records.LastPosition);
            rewind.Reset();
        }
    }
}

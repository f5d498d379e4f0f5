using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.Riders.Leases;
using Bxb.Riders.Transport;

namespace Bxb.Riders.PostgresLog;

/// <summary>The whole log as one partition, read up to the settled position while the group's lease is held.</summary>
internal sealed class LogPartition(AdvisoryLease lease, EventLogReader reader, SettledPosition settled, TimeProvider time) : IPartitionLease
{
    public int Partition => 0;

    public string? Topic => null;

    public string Stream => PostgresLogTransport.StreamName;

    public CancellationToken Ending => CancellationToken.None;

    public CancellationToken Lost => lease.Lost;

    public async ValueTask<Checkpoint> FillAsync(EventRecords into, Checkpoint after, long upTo, BatchLimits limits, CancellationToken cancellationToken)
    {
        if (upTo == long.MaxValue)
        {
            upTo = await settled.WaitBeyondAsync(after.Position, cancellationToken);
            if (limits.MaxWait > TimeSpan.Zero && upTo - after.Position < limits.MaxRecords)
            {
                await WaitForFullBatchAsync(after.Position + limits.MaxRecords - 1, limits.MaxWait, cancellationToken);
                upTo = Math.Max(upTo, settled.Current);
            }
        }

        var count = await reader.ReadAsync(after.Position, upTo, limits.MaxRecords, limits.MaxBytes, into, cancellationToken);

        // A limit may have cut off what follows the last record; only a read without records proves a gap.
        return new Checkpoint(count == 0 ? upTo : into.LastPosition);
    }

    public void Stored(Checkpoint progress)
    {
    }

    public ValueTask DisposeAsync() => lease.DisposeAsync();

    /// <summary>Waits until a full batch may have settled; positions have gaps, so it can be less. One wait and one read are cheaper than a read for each wake-up.</summary>
    private async ValueTask WaitForFullBatchAsync(long position, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(maxWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        Task full = settled.WaitBeyondAsync(position, either.Token).AsTask();
        await full.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}

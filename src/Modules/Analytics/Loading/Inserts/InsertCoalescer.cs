using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Loading.Rows;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Bxb.Riders;

namespace Bxb.Analytics.Loading.Inserts;

/// <summary>
/// Combines new batches of this host's partitions into one insert. An insert costs the engine nearly the same for a hundred rows as for ten thousand, and a topic has many partitions.
/// Thread-safe.
/// </summary>
/// <remarks>
/// All partitions close their batches at the same moment and then store the edges of each. Therefore the first batch waits an eighth of <see cref="AnalyticsOptions.MaxWait"/> for the
/// others. A later batch joins the next insert, which begins at least half of that time after the one before; waiting for the whole of it would delay every insert after a late one. A full
/// insert is sent at once. The insert is one statement, and is refused as a whole when the epoch of one partition has ended. Its query id names all of its partitions, so that a new owner
/// of any of them can kill it. Only batches that were never sent are combined.
/// </remarks>
internal sealed class InsertCoalescer(ClickHouseClient client, EpochStore epochs, RowWriterPool writers, AnalyticsOptions options, TimeProvider time)
{
    private readonly InsertStatements _statements = new(AnalyticsSchema.LiveTable);
    private readonly Lock _gate = new();
    private CoalescedInsert? _filling;
    private long _lastSent;

    /// <summary>Inserts a batch that was never sent, together with batches that other partitions add meanwhile.</summary>
    /// <param name="batch">Borrowed until the task has ended.</param>
    /// <param name="months">The number of months that the batch spans.</param>
    /// <param name="epoch">The epoch of the partition, which allows concurrent loading.</param>
    /// <param name="cancellationToken">Ends the wait; the batch can be inserted all the same.</param>
    /// <exception cref="ClickHouseException">The statement failed, or its outcome is unknown, for all of its partitions.</exception>
    internal async Task<CoalescedBatch> InsertAsync(EventBatch batch, int months, Epoch epoch, CancellationToken cancellationToken)
    {
        var coalesced = new CoalescedBatch(batch, months, epoch);
        var insert = Join(coalesced);
        try
        {
            await insert.Ended.WaitAsync(cancellationToken);
            return coalesced;
        }
        finally
        {
            await insert.LeaveAsync(coalesced);
        }
    }

    private CoalescedInsert Join(CoalescedBatch batch)
    {
        lock (_gate)
        {
            if (_filling?.TryJoin(batch) == true)
            {
                return _filling;
            }

            _filling = new CoalescedInsert(options);
            _filling.TryJoin(batch);
            _ = RunAsync(_filling);
            return _filling;
        }
    }

    private async Task RunAsync(CoalescedInsert insert)
    {
        using (insert)
        {
            try
            {
                await WaitForOthersAsync(insert);
                await SendAsync(insert);
                insert.End(failure: null);
            }
            catch (Exception e)
            {
                insert.End(e);
            }

            await insert.Left;
        }
    }

    private async Task WaitForOthersAsync(CoalescedInsert insert)
    {
        // Leaves the lock of Join.
        await Task.Yield();
        var pause = (options.MaxWait / 2) - time.GetElapsedTime(Interlocked.Read(ref _lastSent));
        var gather = options.MaxWait / 8;
        if (options.MaxWait > TimeSpan.Zero)
        {
            await Task.WhenAny(insert.Full, Task.Delay(pause > gather ? pause : gather, time, insert.Abandoned));
        }
    }

    private async Task SendAsync(CoalescedInsert insert)
    {
        var rows = await writers.RentAsync(insert.Abandoned);
        try
        {
            Interlocked.Exchange(ref _lastSent, time.GetTimestamp());
            var batches = insert.Close(rows);
            if (rows.Count > 0)
            {
                var statement = _statements.First([.. batches.Select(b => (b.Batch, b.Epoch))]);
                var positions = $"{batches.Min(b => b.Batch.FirstPosition)}-{batches.Max(b => b.Batch.LastPosition)}";
                statement.QueryId = epochs.Queries.CreateId([.. batches.Select(b => b.Epoch.Partition)], positions);
                await client.InsertAsync(statement, rows.Rows, rows.Count, insert.Abandoned);
            }
        }
        finally
        {
            writers.Return(rows);
        }
    }
}

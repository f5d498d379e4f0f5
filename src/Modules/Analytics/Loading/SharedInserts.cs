using Bxb.ClickHouse;
using Bxb.Riders;

namespace Bxb.Analytics.Loading;

/// <summary>Brings new batches of this host's lanes into ClickHouse together: an insert costs the engine nearly the same for a hundred rows as for ten thousand, and a topic has many partitions. Thread-safe.</summary>
/// <remarks>
/// Lanes close their batches on a common beat, and then store the edges of each. So the first one waits an eighth of <see cref="AnalyticsOptions.MaxWait"/> for the others; a lane that comes later is in the
/// next insert, which is begun no sooner than half of that time after the one before: the whole would keep an insert that was late once late for good. One that is full waits for nothing. It is one statement, and refused as a
/// whole when one of its lanes' terms is over; its id names all of its lanes, so that who takes one of them over finds it. What may be there already goes in lane by lane, as before.
/// </remarks>
internal sealed class SharedInserts(ClickHouseClient client, LoaderTerms terms, RowWriters writers, AnalyticsOptions options, TimeProvider time)
{
    private readonly UsageStatements _statements = new(Lane.LiveTable);
    private readonly Lock _gate = new();
    private SharedInsert? _filling;
    private long _begun;

    /// <summary>Inserts a batch that was never sent, with what other lanes bring meanwhile.</summary>
    /// <param name="batch">Lent until the task has ended.</param>
    /// <param name="months">How many months it touches.</param>
    /// <param name="term">The lane's term; the lane has siblings.</param>
    /// <param name="cancellationToken">Gives the batch up; it may get there all the same.</param>
    /// <exception cref="ClickHouseException">The statement failed, or its end is unknown: for all of its lanes.</exception>
    internal async Task<InsertShare> InsertAsync(EventBatch batch, int months, LoaderTerm term, CancellationToken cancellationToken)
    {
        var share = new InsertShare(batch, months, term);
        var insert = Join(share);
        try
        {
            await insert.Ended.WaitAsync(cancellationToken);
            return share;
        }
        finally
        {
            await insert.LeaveAsync(share);
        }
    }

    private SharedInsert Join(InsertShare share)
    {
        lock (_gate)
        {
            if (_filling?.TryJoin(share) == true)
            {
                return _filling;
            }

            _filling = new SharedInsert(options);
            _filling.TryJoin(share);
            _ = RunAsync(_filling);
            return _filling;
        }
    }

    private async Task RunAsync(SharedInsert insert)
    {
        using (insert)
        {
            try
            {
                await PaceAsync(insert);
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

    private async Task PaceAsync(SharedInsert insert)
    {
        // Off the lock under which the first lane joins.
        await Task.Yield();
        var pause = (options.MaxWait / 2) - time.GetElapsedTime(Interlocked.Read(ref _begun));
        var gather = options.MaxWait / 8;
        if (options.MaxWait > TimeSpan.Zero)
        {
            await Task.WhenAny(insert.Full, Task.Delay(pause > gather ? pause : gather, time, insert.Abandoned));
        }
    }

    private async Task SendAsync(SharedInsert insert)
    {
        var rows = await writers.TakeAsync(insert.Abandoned);
        try
        {
            Interlocked.Exchange(ref _begun, time.GetTimestamp());
            var shares = insert.Close(rows);
            if (rows.Count > 0)
            {
                var statement = _statements.First([.. shares.Select(s => (s.Batch, s.Term))]);
                statement.QueryId = terms.QueryId([.. shares.Select(s => s.Term.Lane)], $"{shares.Min(s => s.Batch.FirstPosition)}-{shares.Max(s => s.Batch.LastPosition)}");
                await client.InsertAsync(statement, rows.Rows, rows.Count, insert.Abandoned);
            }
        }
        finally
        {
            writers.Return(rows);
        }
    }
}

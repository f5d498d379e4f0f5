using System.Diagnostics;
using Bxb.ClickHouse;
using Bxb.Riders;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Loading;

/// <summary>How a batch goes in.</summary>
internal enum LoadMode
{
    /// <summary>It was never sent.</summary>
    First,

    /// <summary>It was sent before, but the table surely holds none of it.</summary>
    Refill,

    /// <summary>The table may hold any of it.</summary>
    Repair,
}

/// <summary>Brings the batches of one lane into ClickHouse so that each event stands there exactly once.</summary>
/// <remarks>
/// Failure policy. A batch that fails, or whose end is unknown (time-out, cancelled, broken connection), is given again by the group with the same edges. By then what may
/// still be under way is fenced off by a new term, and the repair insert puts in what is missing. When ClickHouse turns out to hold less than was acknowledged
/// (a new life of the engine, other data in its directory), <see cref="ProgressLostException"/> sends the partition back to the last checkpoint that these data hold.
/// One batch at a time.
/// </remarks>
internal sealed partial class LoaderLane(Lane lane, ClickHouseClient client, LoaderTerms terms, RowWriters writers, SharedInserts? shared, ILogger logger)
{
    private readonly UsageStatements _statements = new(lane.Table);

    /// <summary>The lane's term.</summary>
    internal LaneTerms Terms { get; } = new(lane, client, terms, logger);

    /// <summary>Loads one batch.</summary>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown: give it again as a repeat.</exception>
    /// <exception cref="ProgressLostException">ClickHouse holds less than was acknowledged.</exception>
    internal async Task LoadAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var term = await Terms.CurrentAsync(cancellationToken);
        var mode = Choose(batch);
        var months = MonthSlices.MonthsOf(batch);
        if (mode != LoadMode.First || await InsertWithOthersAsync(batch, months.Count, term, cancellationToken) is not { } rows)
        {
            mode = Choose(batch);
            rows = await InsertAsync(batch, MonthSlices.Of(months), mode, term, cancellationToken);
        }

        if (rows > 0 && batch.LastPosition <= Terms.Checkpoint)
        {
            // A dead letter that was requeued: nothing at or below the checkpoint is ever compared again, so it has to be on disk before it is believed.
            await client.SyncAsync(cancellationToken);
        }

        Terms.Done(batch.LastPosition);
        AnalyticsInstruments.LoadedRows.Add(rows);
        AnalyticsInstruments.LoadDuration.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds, new KeyValuePair<string, object?>("mode", mode.ToString()));
        LogLoaded(rows, batch.FirstPosition, batch.LastPosition, lane.Name, mode);
    }

    private LoadMode Choose(EventBatch batch)
    {
        if (batch.FirstPosition > Terms.Highest)
        {
            return batch.IsRepeat ? LoadMode.Refill : LoadMode.First;
        }

        return LoadMode.Repair;
    }

    /// <summary>Inserts the batch by the statement of several lanes; null when that is not for it, or was refused: then what it may have left has to be looked for.</summary>
    private async Task<int?> InsertWithOthersAsync(EventBatch batch, int months, LoaderTerm term, CancellationToken cancellationToken)
    {
        if (shared is null || !lane.HasSiblings || months > MonthSlices.MaxMonths)
        {
            return null;
        }

        Terms.Sending(batch.LastPosition);
        InsertShare share;
        try
        {
            share = await shared.InsertAsync(batch, months, term, cancellationToken);
        }
        catch (ClickHouseException e) when (!e.MayStillRun)
        {
            // Whichever lane it was for.
            LogRefused(lane.Name, e.Message);
            return null;
        }
        catch (Exception e)
        {
            await Terms.FailedAsync(term, e, cancellationToken);
            throw;
        }

        await Terms.AcknowledgedAsync(term, share.HighestPosition, cancellationToken);
        return share.Rows;
    }

    /// <summary>Inserts the batch, slice by slice, when it is this lane's turn; says how many rows it made.</summary>
    private async Task<int> InsertAsync(EventBatch batch, IReadOnlyList<MonthSlice> slices, LoadMode mode, LoaderTerm term, CancellationToken cancellationToken)
    {
        AnalyticsInstruments.Repairs.Add(mode == LoadMode.Repair ? 1 : 0);
        var rows = await writers.TakeAsync(cancellationToken);
        try
        {
            var count = 0;
            for (var slice = 0; slice < slices.Count; slice++)
            {
                rows.Write(batch, slices[slice]);
                if (rows.Count > 0)
                {
                    await InsertAsync(batch, (slice, slices[slice]), rows, mode, term, cancellationToken);
                    count += rows.Count;
                }
            }

            return count;
        }
        finally
        {
            writers.Return(rows);
        }
    }

    private async Task InsertAsync(EventBatch batch, (int Number, MonthSlice Months) slice, UsageRowWriter rows, LoadMode mode, LoaderTerm term, CancellationToken cancellationToken)
    {
        var statement = mode switch
        {
            LoadMode.First => _statements.First(batch, slice.Number, term),
            LoadMode.Refill => _statements.Refill(term),
            _ => _statements.Repair(batch, rows, term),
        };
        statement.QueryId = terms.QueryId([lane], $"{batch.FirstPosition}-{batch.LastPosition}");
        Terms.Sending(batch.LastPosition);
        try
        {
            await SendAsync(statement, batch, slice, rows, mode, cancellationToken);
        }
        catch (Exception e)
        {
            await Terms.FailedAsync(term, e, cancellationToken);
            throw;
        }

        await Terms.AcknowledgedAsync(term, rows.HighestPosition, cancellationToken);
    }

    /// <summary>Sends the rows. They are loaded when the server says that it has written them, or when they are all found in the table.</summary>
    private async Task SendAsync(ClickHouseStatement statement, EventBatch batch, (int Number, MonthSlice Months) slice, UsageRowWriter rows, LoadMode mode, CancellationToken cancellationToken)
    {
        try
        {
            // A repair leaves out what is there already, so that it may write any number of rows.
            await client.InsertAsync(statement, rows.Rows, mode == LoadMode.Repair ? 0 : rows.Count, cancellationToken);
        }
        catch (ClickHouseException e) when (e.IsUnproven)
        {
            if (!await HoldsAsync(_statements.Count(batch, slice.Months, rows), rows.Count, cancellationToken))
            {
                throw;
            }

            LogCounted(rows.Count, batch.FirstPosition, batch.LastPosition, lane.Name, e.Message);
        }
    }

    private async Task<bool> HoldsAsync(ClickHouseStatement count, int rows, CancellationToken cancellationToken)
    {
        try
        {
            await using var found = await client.QueryAsync(count, cancellationToken);
            return await found.ReadOneAsync() && found.GetInt64(0) == rows;
        }
        catch (ClickHouseException)
        {
            // The insert's own failure counts, which leaves its end unknown.
            return false;
        }
    }

    [LoggerMessage(7006, LogLevel.Debug, "{Rows} rows, positions {First} to {Last} of {Lane}, were counted in the table: {Reason}")]
    private partial void LogCounted(int rows, long first, long last, string lane, string reason);

    [LoggerMessage(7002, LogLevel.Debug, "Loaded {Rows} rows, positions {First} to {Last} of {Lane} ({Mode})")]
    private partial void LogLoaded(int rows, long first, long last, string lane, LoadMode mode);

    [LoggerMessage(7005, LogLevel.Information, "An insert of several lanes was refused; {Lane} goes on alone: {Reason}")]
    private partial void LogRefused(string lane, string reason);
}

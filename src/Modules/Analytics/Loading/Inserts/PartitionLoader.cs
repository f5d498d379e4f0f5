using System.Diagnostics;
using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Loading.Rows;
using Bxb.ClickHouse;
using Bxb.Riders;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Loading.Inserts;

/// <summary>Loads the batches of one partition into ClickHouse so that each event is in the table exactly once.</summary>
/// <remarks>
/// Failure policy. The consumer group repeats a batch that failed, or whose outcome is unknown (time-out, cancellation, broken connection), with the same edges. By then a new epoch has
/// ended every insert that may still run, and the repair insert adds what is missing. When ClickHouse contains less than it acknowledged (a restarted engine, a replaced data directory),
/// <see cref="ProgressLostException"/> sends the partition back to the last checkpoint in these data.
/// One batch at a time.
/// </remarks>
/// <param name="partition">The partition.</param>
/// <param name="client">Sends the inserts.</param>
/// <param name="epochs">Begins the epochs of the partition.</param>
/// <param name="writers">Writes the rows.</param>
/// <param name="coalescer">Combines inserts with those of other partitions; null: every batch has an insert of its own.</param>
/// <param name="instruments">Measures loading.</param>
/// <param name="logger">Logs what was loaded.</param>
internal sealed partial class PartitionLoader(
    LoadPartition partition, ClickHouseClient client, EpochStore epochs, RowWriterPool writers, InsertCoalescer? coalescer, AnalyticsInstruments instruments,
    ILogger logger)
{
    private readonly InsertStatements _statements = new(partition.Table);

    internal EpochSession Session { get; } = new(partition, client, epochs, instruments, logger);

    /// <summary>Loads one batch.</summary>
    /// <exception cref="ClickHouseException">An insert failed, or its outcome is unknown: call again with the same batch as a repeat.</exception>
    /// <exception cref="ProgressLostException">ClickHouse contains less than it acknowledged.</exception>
    internal async Task LoadAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var epoch = await Session.GetEpochAsync(cancellationToken);
        var mode = ChooseMode(batch);
        var months = MonthSlicer.MonthsOf(batch);
        if (mode != LoadMode.First || await TryCoalesceAsync(batch, months.Count, epoch, cancellationToken) is not { } rows)
        {
            mode = ChooseMode(batch);
            rows = await InsertAsync(batch, MonthSlicer.Slice(months), mode, epoch, cancellationToken);
        }

        if (rows > 0 && batch.LastPosition <= Session.Checkpoint)
        {
            // A requeued dead letter: nothing up to the checkpoint is ever compared again, so its rows must be on disk now.
            await client.SyncAsync(cancellationToken);
        }

        Session.OnLoaded(batch.LastPosition);
        instruments.Loaded(rows, Stopwatch.GetElapsedTime(begun), mode);
        LogLoaded(rows, batch.FirstPosition, batch.LastPosition, partition.Name, mode);
    }

    private LoadMode ChooseMode(EventBatch batch)
    {
        if (batch.FirstPosition > Session.HighestPosition)
        {
            return batch.IsRepeat ? LoadMode.Refill : LoadMode.First;
        }

        return LoadMode.Repair;
    }

    /// <summary>Inserts the batch together with batches of other partitions.</summary>
    /// <returns>The number of rows; null if the batch must be inserted alone, or the insert was refused: then some of its rows may be in the table.</returns>
    private async Task<int?> TryCoalesceAsync(EventBatch batch, int months, Epoch epoch, CancellationToken cancellationToken)
    {
        if (coalescer is null || !partition.AllowsConcurrent || months > MonthSlicer.MaxMonths)
        {
            return null;
        }

        Session.OnSending(batch.LastPosition);
        CoalescedBatch coalesced;
        try
        {
            coalesced = await coalescer.InsertAsync(batch, months, epoch, cancellationToken);
        }
        catch (ClickHouseException e) when (!e.MayStillRun)
        {
            // Any of the partitions can be the cause. Alone, each one finds out.
            LogRefused(partition.Name, e.Message);
            return null;
        }
        catch (Exception e)
        {
            await Session.OnFailedAsync(epoch, e, cancellationToken);
            throw;
        }

        await Session.OnAcknowledgedAsync(epoch, coalesced.HighestPosition, cancellationToken);
        return coalesced.Rows;
    }

    /// <summary>Inserts the batch alone, one insert per slice, and returns the number of rows.</summary>
    private async Task<int> InsertAsync(EventBatch batch, IReadOnlyList<MonthSlice> slices, LoadMode mode, Epoch epoch, CancellationToken cancellationToken)
    {
        if (mode == LoadMode.Repair)
        {
            instruments.Repaired();
        }

        var rows = await writers.RentAsync(cancellationToken);
        try
        {
            var count = 0;
            for (var slice = 0; slice < slices.Count; slice++)
            {
                rows.Write(batch, slices[slice]);
                if (rows.Count > 0)
                {
                    await InsertAsync(batch, (slice, slices[slice]), rows, mode, epoch, cancellationToken);
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

    private async Task InsertAsync(EventBatch batch, (int Number, MonthSlice Months) slice, UsageRowWriter rows, LoadMode mode, Epoch epoch, CancellationToken cancellationToken)
    {
        var statement = mode switch
        {
            LoadMode.First => _statements.First(batch, slice.Number, epoch),
            LoadMode.Refill => _statements.Refill(epoch),
            _ => _statements.Repair(batch, rows, epoch),
        };
        statement.QueryId = epochs.Queries.CreateId([partition], $"{batch.FirstPosition}-{batch.LastPosition}");
        Session.OnSending(batch.LastPosition);
        try
        {
            await SendAsync(statement, batch, slice, rows, mode, cancellationToken);
        }
        catch (Exception e)
        {
            await Session.OnFailedAsync(epoch, e, cancellationToken);
            throw;
        }

        await Session.OnAcknowledgedAsync(epoch, rows.HighestPosition, cancellationToken);
    }

    /// <summary>Sends the rows. They count as loaded when the server confirms their number, or when all of them are found in the table.</summary>
    private async Task SendAsync(ClickHouseStatement statement, EventBatch batch, (int Number, MonthSlice Months) slice, UsageRowWriter rows, LoadMode mode, CancellationToken cancellationToken)
    {
        try
        {
            // A repair skips existing rows, so it may write any number of rows.
            await client.InsertAsync(statement, rows.Rows, mode == LoadMode.Repair ? 0 : rows.Count, cancellationToken);
        }
        catch (ClickHouseException e) when (e.IsUnproven)
        {
            if (!await AreInTableAsync(_statements.Count(batch, slice.Months, rows), rows.Count, cancellationToken))
            {
                throw;
            }

            LogCounted(rows.Count, batch.FirstPosition, batch.LastPosition, partition.Name, e.Message);
        }
    }

    private async Task<bool> AreInTableAsync(ClickHouseStatement count, int rows, CancellationToken cancellationToken)
    {
        try
        {
            await using var found = await client.QueryAsync(count, cancellationToken);
            return await found.ReadOneAsync() && found.GetInt64(0) == rows;
        }
        catch (ClickHouseException)
        {
            // The failure of the insert is reported instead; its outcome is unknown.
            return false;
        }
    }

    [LoggerMessage(7006, LogLevel.Debug, "{Rows} rows, positions {First} to {Last} of partition {Partition}, were counted in the table: {Reason}")]
    private partial void LogCounted(int rows, long first, long last, string partition, string reason);

    [LoggerMessage(7002, LogLevel.Debug, "Loaded {Rows} rows, positions {First} to {Last} of partition {Partition} ({Mode})")]
    private partial void LogLoaded(int rows, long first, long last, string partition, LoadMode mode);

    [LoggerMessage(7005, LogLevel.Information, "A coalesced insert was refused; partition {Partition} inserts its batch alone: {Reason}")]
    private partial void LogRefused(string partition, string reason);
}

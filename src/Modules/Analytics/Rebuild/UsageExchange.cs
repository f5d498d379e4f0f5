using System.Globalization;
using Bxb.Analytics.Loading;
using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Loading.Rows;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Rebuild;

/// <summary>Replaces the live table by its copy, after adding to the copy what the live table received meanwhile. Thread-safe; of two attempts the later one wins.</summary>
/// <remarks>
/// A <see cref="LoadingPause"/> stops all loading between the last read of the live table and the exchange. Everything acknowledged before is in one of the two tables and on disk. The
/// checkpoints therefore hold for the new table too, and repeated batches are compared with it. An attempt that is killed at any step leaves the old table or the new one complete, and the next
/// attempt continues.
/// </remarks>
internal sealed partial class UsageExchange(
    ClickHouseClient client, AnalyticsSchema schema, EpochStore epochs, UsageLoader loader, CopyTables copies, LoadingPause pause, ILogger<UsageExchange> logger)
{
    private const string InsertMissing = """
        INSERT INTO {0} ({1}) SELECT {1} FROM {2}
        WHERE {3} AND position BETWEEN {{first:UInt64}} AND {{last:UInt64}} AND position NOT IN (SELECT position FROM {0} WHERE position BETWEEN {{first:UInt64}} AND {{last:UInt64}})
        """;

    /// <summary>Positions per statement, so that no statement runs for long.</summary>
    private const long Slice = 200_000;

    private static readonly TimeSpan UndoTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Exchanges the tables and drops the old one. If an earlier attempt has exchanged them, only drops the old one.</summary>
    /// <param name="upTo">The copy contains everything up to this position.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="InvalidOperationException">There is no copy, and the live table was never one.</exception>
    internal async Task RunAsync(long upTo, CancellationToken cancellationToken)
    {
        await schema.EnsureAsync(cancellationToken);
        if (await copies.FindAsync(cancellationToken) is { } copy)
        {
            // Stops an earlier attempt that still fills the copy.
            var epoch = await epochs.BeginAsync(LoadPartition.Of(copy), cancellationToken);
            await InsertMissingAsync(copy, epoch, upTo, cancellationToken);
            await loader.CheckpointAsync(cancellationToken);
            await ExchangeAsync(epoch, upTo, cancellationToken);
        }
        else if (!await copies.WasExchangedAsync(cancellationToken))
        {
            throw new InvalidOperationException("There is no copy to replace the table usage.");
        }

        await copies.SettleAsync(cancellationToken);
        await pause.EndOthersAsync(attempt: "", instance: null, cancellationToken);
        await copies.DropAllAsync(cancellationToken);
    }

    private async Task ExchangeAsync(Epoch epoch, long upTo, CancellationToken cancellationToken)
    {
        var attempt = Guid.NewGuid().ToString("N");
        try
        {
            await pause.BeginAsync(attempt, epoch.Instance, cancellationToken);
            await epochs.KillAllAsync(cancellationToken);

            // From here on nothing is loaded, and an exchange that an earlier attempt sent can no longer happen. If it happened before, there is no copy.
            var copy = await copies.RenameAsync(cancellationToken);
            await pause.EndOthersAsync(attempt, epoch.Instance, cancellationToken);
            if (copy is not null)
            {
                await InsertMissingAsync(copy, epoch, upTo, cancellationToken);
                await client.SyncAsync(cancellationToken);
                await copies.ExchangeAsync(copy, epoch.Instance, cancellationToken);
                await client.SyncAsync(cancellationToken);
                LogExchanged(copy.Replay, upTo);
            }
        }
        catch (Exception e)
        {
            LogFailed(e);
            await UndoAsync(attempt);
            throw;
        }

        await pause.EndAsync(attempt, epoch.Instance, cancellationToken);
    }

    /// <summary>Ends the pause, after making sure that the exchange, if it was sent, can no longer happen.</summary>
    private async Task UndoAsync(string attempt)
    {
        using var limit = new CancellationTokenSource(UndoTimeout);
        try
        {
            await copies.RenameAsync(limit.Token);
            await pause.EndAsync(attempt, instance: null, limit.Token);
        }
        catch (Exception e) when (e is ClickHouseException or OperationCanceledException)
        {
            // The next attempt ends the pause, or a loader does after LoadingPause.MaxDuration.
            LogStillPaused(e);
        }
    }

    /// <summary>Inserts into the copy those rows of the live table above a position that the copy does not contain.</summary>
    private async Task InsertMissingAsync(UsageCopy copy, Epoch epoch, long upTo, CancellationToken cancellationToken)
    {
        var highest = await epochs.ReadHighestPositionAsync(AnalyticsSchema.LiveTable, cancellationToken);
        var sql = string.Format(CultureInfo.InvariantCulture, InsertMissing, copy.Table, UsageRowWriter.Columns, AnalyticsSchema.LiveTable, EpochConditions.IsCurrent);
        for (var first = upTo + 1; first <= highest; first += Slice)
        {
            var statement = EpochConditions.Bind(new ClickHouseStatement(sql), epoch).With("first", first).With("last", Math.Min(highest, first + Slice - 1))
                .Set("insert_deduplicate", 0)
                .Set("max_partitions_per_insert_block", 0);
            statement.QueryId = epochs.Queries.CreateId([epoch.Partition], $"{first}");
            await client.ExecuteAsync(statement, cancellationToken);
        }
    }

    [LoggerMessage(7030, LogLevel.Information, "The copy of replay {Replay}, complete up to position {UpTo}, has replaced the table usage")]
    private partial void LogExchanged(long replay, long upTo);

    [LoggerMessage(7031, LogLevel.Warning, "The table usage was not exchanged; loading continues and the exchange will be tried again")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(7032, LogLevel.Warning, "Loading is still paused for the exchange of the table usage")]
    private partial void LogStillPaused(Exception exception);
}

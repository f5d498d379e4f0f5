using Bxb.Analytics.Loading;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Rebuild;

/// <summary>Puts a copy of the table in the live table's place, with whatever the live one received meanwhile. Thread-safe; begun twice, the later one prevails.</summary>
/// <remarks>
/// Nothing is loaded between the last look at the live table and the exchange: a <see cref="LoadingHold"/> sees to it. What was acknowledged before is in one of the two, and on disk: so the lanes'
/// checkpoints hold for the new table as well, and what a lane brings again is compared with it. Killed at any step it leaves the old table or the new one, whole, and the next attempt goes on.
/// </remarks>
internal sealed partial class UsageExchange(
    ClickHouseClient client, AnalyticsSchema schema, LoaderTerms terms, UsageLoader loader, UsageCopies copies, LoadingHold hold, ILogger<UsageExchange> logger)
{
    private const string InsertMissing = """
        INSERT INTO {0} ({1}) SELECT {1} FROM {2}
        WHERE {3} AND position BETWEEN {{first:UInt64}} AND {{last:UInt64}} AND position NOT IN (SELECT position FROM {0} WHERE position BETWEEN {{first:UInt64}} AND {{last:UInt64}})
        """;

    /// <summary>Positions that are brought over at once, so that no statement runs for long.</summary>
    private const long Slice = 200_000;

    private static readonly TimeSpan UndoLimit = TimeSpan.FromSeconds(10);

    /// <summary>Exchanges the copy, which holds everything up to a position; cleans up where that was done before.</summary>
    /// <exception cref="InvalidOperationException">There is no copy, and the live table was none.</exception>
    internal async Task RunAsync(long upTo, CancellationToken cancellationToken)
    {
        await schema.EnsureAsync(cancellationToken);
        if (await copies.FindAsync(cancellationToken) is { } copy)
        {
            // Whoever still fills the copy is stopped.
            var term = await terms.BeginAsync(copy.Lane, cancellationToken);
            await BringOverAsync(copy, term, upTo, cancellationToken);
            await loader.CheckpointAsync(cancellationToken);
            await ExchangeAsync(term, upTo, cancellationToken);
        }
        else if (!await copies.WasExchangedAsync(cancellationToken))
        {
            throw new InvalidOperationException("There is no copy that could take the live table's place.");
        }

        await copies.SettleAsync(cancellationToken);
        await hold.EndOthersAsync(attempt: "", instance: null, cancellationToken);
        await copies.DropAllAsync(cancellationToken);
    }

    private async Task ExchangeAsync(LoaderTerm term, long upTo, CancellationToken cancellationToken)
    {
        var attempt = Guid.NewGuid().ToString("N");
        try
        {
            await hold.BeginAsync(attempt, term.Instance, cancellationToken);
            await terms.StopAllAsync(cancellationToken);

            // Nobody loads from here on. Whoever began an exchange before cannot finish it any more; unless it is done already.
            var copy = await copies.RenameAsync(cancellationToken);
            await hold.EndOthersAsync(attempt, term.Instance, cancellationToken);
            if (copy is not null)
            {
                await BringOverAsync(copy, term, upTo, cancellationToken);
                await client.SyncAsync(cancellationToken);
                await copies.ExchangeAsync(copy, term.Instance, cancellationToken);
                await client.SyncAsync(cancellationToken);
                LogExchanged(copy.Replay, upTo);
            }
        }
        catch (Exception e)
        {
            LogGivenUp(e);
            await UndoAsync(attempt);
            throw;
        }

        await hold.EndAsync(attempt, term.Instance, cancellationToken);
    }

    /// <summary>Lets the lanes go on. The exchange that may be on its way cannot happen after this.</summary>
    private async Task UndoAsync(string attempt)
    {
        using var limit = new CancellationTokenSource(UndoLimit);
        try
        {
            await copies.RenameAsync(limit.Token);
            await hold.EndAsync(attempt, instance: null, limit.Token);
        }
        catch (Exception e) when (e is ClickHouseException or OperationCanceledException)
        {
            // The hold stands until the next attempt, or until a loader loses its patience.
            LogHeld(e);
        }
    }

    /// <summary>Inserts into the copy what the live table holds beyond a position and the copy does not.</summary>
    private async Task BringOverAsync(UsageCopy copy, LoaderTerm term, long upTo, CancellationToken cancellationToken)
    {
        var highest = await terms.HighestAsync(Lane.LiveTable, cancellationToken);
        var sql = string.Format(System.Globalization.CultureInfo.InvariantCulture, InsertMissing, copy.Table, UsageStatements.Columns, Lane.LiveTable, LoaderTerm.Condition);
        for (var first = upTo + 1; first <= highest; first += Slice)
        {
            var statement = term.Name(new ClickHouseStatement(sql)).With("first", first).With("last", Math.Min(highest, first + Slice - 1))
                .Set("insert_deduplicate", 0)
                .Set("max_partitions_per_insert_block", 0);
            statement.QueryId = terms.QueryId([term.Lane], $"{first}");
            await client.ExecuteAsync(statement, cancellationToken);
        }
    }

    [LoggerMessage(7030, LogLevel.Information, "The copy of replay {Replay}, complete up to position {UpTo}, has taken the place of the table usage")]
    private partial void LogExchanged(long replay, long upTo);

    [LoggerMessage(7031, LogLevel.Warning, "The table usage was not exchanged; loading goes on, and the exchange is tried again")]
    private partial void LogGivenUp(Exception exception);

    [LoggerMessage(7032, LogLevel.Warning, "Loading is still held up for the exchange of the table usage")]
    private partial void LogHeld(Exception exception);
}

using System.Globalization;
using Bxb.EventLog;
using Bxb.EventLog.Reading;
using Bxb.Management.Contracts;
using Bxb.Modularity.Errors;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Queries;

/// <summary>Answers a usage request from the store that it names, or from the better one, and makes sure that the answer covers its position. Thread-safe.</summary>
/// <remarks>
/// Failure policy. With a named store: 503 if the store is away or does not cover the position in time. With <c>auto</c>: PostgreSQL answers after every failure of ClickHouse, including an
/// invalid statement and an incomplete answer. Exception: if the query exceeds ClickHouse's time limit, the answer is 503, because PostgreSQL is slower. While ClickHouse is away,
/// PostgreSQL answers at once.
/// </remarks>
internal sealed partial class UsageAnswering(
    WatchedStore? clickHouse, WatchedStore postgres, SettledPosition settled, UsageQueryOptions options, AnalyticsInstruments instruments, TimeProvider time, ILogger<UsageAnswering> logger)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HeadInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Answers a request.</summary>
    /// <exception cref="ApiException">422 if the position is beyond the end of the log or the answer is too large; 503 if the store is away or late.</exception>
    public async Task<UsageAnswer> AnswerAsync(UsageRequest request, BillableMetric metric, CancellationToken cancellationToken)
    {
        var query = request.For(metric);
        var begun = time.GetTimestamp();
        var outcome = "failed";
        try
        {
            await RefuseBeyondHeadAsync(request, cancellationToken);
            var answer = request.Store switch
            {
                StoreChoice.Postgresql => await NamedAsync(postgres, request, query, begun, cancellationToken),
                StoreChoice.Clickhouse => await NamedAsync(clickHouse ?? throw Unavailable("ClickHouse is not configured on this host."), request, query, begun, cancellationToken),
                _ => await TryClickHouseAsync(request, query, cancellationToken) ?? await NamedAsync(postgres, request, query, begun, cancellationToken),
            };
            outcome = "ok";
            return answer;
        }
        catch (ApiException e)
        {
            outcome = e.Code.Code;
            throw;
        }
        finally
        {
            instruments.Queried(request.Store, outcome, time.GetElapsedTime(begun));
        }
    }

    private async Task<UsageAnswer> NamedAsync(IUsageStore store, UsageRequest request, UsageQuery query, long begun, CancellationToken cancellationToken)
    {
        try
        {
            if (request.MinPosition is not { } position)
            {
                return await store.QueryAsync(query, cancellationToken);
            }

            if (await store.WaitForAsync(position, request.Timeout - time.GetElapsedTime(begun), cancellationToken))
            {
                var answer = await store.QueryAsync(query, cancellationToken);
                if (answer.AsOfPosition >= position)
                {
                    return answer;
                }
            }

            throw new ApiException(ErrorCode.PositionNotReached, string.Create(CultureInfo.InvariantCulture,
                $"The store {NameOf(store)} does not cover position {position} within {request.Timeout.TotalSeconds} s.{HeldBack(position)}"), retryAfter: RetryAfter);
        }
        catch (StoreAwayException e)
        {
            throw Unavailable(e.IsLimit ? e.Message + " Ask for a shorter range or fewer groups." : e.Message);
        }
    }

    /// <summary>Returns ClickHouse's answer, or null if PostgreSQL must answer.</summary>
    private async Task<UsageAnswer?> TryClickHouseAsync(UsageRequest request, UsageQuery query, CancellationToken cancellationToken)
    {
        if (clickHouse is null)
        {
            return null;
        }

        var reason = "away";
        if (!clickHouse.IsAway)
        {
            try
            {
                var wait = options.AutoWait < request.Timeout / 2 ? options.AutoWait : request.Timeout / 2;
                if (request.MinPosition is not { } position || await clickHouse.WaitForAsync(position, wait, cancellationToken))
                {
                    var answer = await clickHouse.QueryAsync(query, cancellationToken);
                    if (answer.AsOfPosition >= (request.MinPosition ?? 0))
                    {
                        return answer;
                    }
                }

                reason = "late";
            }
            catch (StoreAwayException e) when (e.IsLimit)
            {
                throw Unavailable(e.Message + " Ask for a shorter range or fewer groups.");
            }
            catch (StoreAwayException e)
            {
                reason = e.IsExpected ? "away" : "error";
            }
        }

        instruments.FellBack(reason);
        return null;
    }

    private async Task RefuseBeyondHeadAsync(UsageRequest request, CancellationToken cancellationToken)
    {
        if (request.MinPosition is not { } position || position <= settled.Head)
        {
            return;
        }

        // Another host may have appended since the last refresh.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(request.Timeout > RetryAfter ? request.Timeout : RetryAfter);
        try
        {
            var refresh = settled.RefreshAsync(limit.Token).AsTask();
            while (position > settled.Head && !refresh.IsCompleted)
            {
                // Head is updated before the refresh ends, which an open transaction can delay.
                await Task.WhenAny(refresh, Task.Delay(HeadInterval, time, limit.Token));
            }

            if (position > settled.Head)
            {
                await refresh;
            }
        }
        catch (EventLogException e) when (e.IsTransient)
        {
            LogRefreshFailed(e.Message, position);
            throw Unavailable("PostgreSQL does not answer.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogRefreshSlow(position);
        }

        if (position > settled.Head)
        {
            throw new ApiException(
                ErrorCode.PositionBeyondHead, string.Create(CultureInfo.InvariantCulture, $"The log ends before position {position}."),
                [new ApiFault("min_position", "must be a position of the log")]);
        }
    }

    /// <summary>Returns a sentence if an open transaction keeps every store from covering a position, else an empty string.</summary>
    private string HeldBack(long position) => settled.HeldBackBy is { } by && position > settled.Current
        ? string.Create(CultureInfo.InvariantCulture, $" The settled position is held back at {settled.Current} by {by}.")
        : "";

    private static ApiException Unavailable(string detail) => new(ErrorCode.Unavailable, detail, retryAfter: RetryAfter);

    private static string NameOf(IUsageStore store) => store.Name.ToString().ToLowerInvariant();

    [LoggerMessage(7101, LogLevel.Debug, "PostgreSQL did not answer whether the log contains position {Position}: {Reason}")]
    private partial void LogRefreshFailed(string reason, long position);

    [LoggerMessage(7102, LogLevel.Warning, "The settled position was not refreshed in time to check position {Position}")]
    private partial void LogRefreshSlow(long position);
}

using System.Globalization;
using Bxb.EventLog;
using Bxb.EventLog.Reading;
using Bxb.Management.Contracts;
using Bxb.Modularity.Errors;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Queries;

/// <summary>Answers a usage request from the store that it names, or from the better of both, covering the position that it names. Thread-safe.</summary>
/// <remarks>
/// Failure policy. With a named store: 503, whether it is away or too late. With <c>auto</c>: whatever keeps ClickHouse from answering makes PostgreSQL answer, a bad statement and an answer
/// that is not whole among it, except that the query itself runs into ClickHouse's time limit, where the slower store would not do better. While ClickHouse as a whole is away
/// PostgreSQL is asked at once.
/// </remarks>
internal sealed partial class UsageAnswering(
    WatchedStore? clickHouse, WatchedStore postgres, SettledPosition settled, UsageQueryOptions options, TimeProvider time, ILogger<UsageAnswering> logger)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HeadInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Answers.</summary>
    /// <exception cref="ApiException">422 for a position beyond the log's head or an answer that would be too large; 503 for a store that is late or away.</exception>
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
                StoreChoice.Clickhouse => await NamedAsync(clickHouse ?? throw Unavailable("This host has no ClickHouse."), request, query, begun, cancellationToken),
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
            UsageInstruments.Duration.Record(time.GetElapsedTime(begun).TotalSeconds, new("store", request.Store.ToString().ToLowerInvariant()), new("outcome", outcome));
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
                $"The store {Word(store)} does not cover the position {position} within {request.Timeout.TotalSeconds} s.{HeldBack(position)}"), retryAfter: RetryAfter);
        }
        catch (StoreAwayException e)
        {
            throw Unavailable(e.IsLimit ? e.Message + " Ask for a shorter range or fewer groups." : e.Message);
        }
    }

    /// <summary>ClickHouse's answer; null when PostgreSQL has to give it.</summary>
    private async Task<UsageAnswer?> TryClickHouseAsync(UsageRequest request, UsageQuery query, CancellationToken cancellationToken)
    {
        if (clickHouse is null)
        {
            return null;
        }

        var reason = "away";
        if (clickHouse.IsAway)
        {
            clickHouse.Spared();
        }
        else
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

        UsageInstruments.Fallbacks.Add(1, new KeyValuePair<string, object?>("reason", reason));
        return null;
    }

    private async Task RefuseBeyondHeadAsync(UsageRequest request, CancellationToken cancellationToken)
    {
        if (request.MinPosition is not { } position || position <= settled.Head)
        {
            return;
        }

        // Another host may have taken positions since this one looked. The look has happened once Head stands still, whether or not everything is settled.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(request.Timeout > RetryAfter ? request.Timeout : RetryAfter);
        try
        {
            var look = settled.RefreshAsync(limit.Token).AsTask();
            while (position > settled.Head && !look.IsCompleted)
            {
                // Ends sooner than the look where an open transaction holds the settled position back: positions that were taken meanwhile are known all the same.
                await Task.WhenAny(look, Task.Delay(HeadInterval, time, limit.Token));
            }

            if (position > settled.Head)
            {
                await look;
            }
        }
        catch (EventLogException e) when (e.IsTransient)
        {
            LogNotLooked(e.Message, position);
            throw Unavailable("PostgreSQL does not answer.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogSlowLook(position);
        }

        if (position > settled.Head)
        {
            throw new ApiException(ErrorCode.PositionBeyondHead, string.Create(CultureInfo.InvariantCulture, $"The log ends before the position {position}."), [new ApiFault("min_position", "must be a position of the log")]);
        }
    }

    /// <summary>Why no store can cover a position: an open transaction holds the settled position back. Empty where that is not the reason.</summary>
    private string HeldBack(long position) => settled.HeldBackBy is { } by && position > settled.Current
        ? string.Create(CultureInfo.InvariantCulture, $" The settled position is held back at {settled.Current} by {by}.")
        : "";

    private static ApiException Unavailable(string detail) => new(ErrorCode.Unavailable, detail, retryAfter: RetryAfter);

    private static string Word(IUsageStore store) => store.Name.ToString().ToLowerInvariant();

    [LoggerMessage(7101, LogLevel.Debug, "PostgreSQL did not answer whether the log has the position {Position}: {Reason}")]
    private partial void LogNotLooked(string reason, long position);

    [LoggerMessage(7102, LogLevel.Warning, "The log was not settled in time to judge the position {Position}")]
    private partial void LogSlowLook(long position);
}

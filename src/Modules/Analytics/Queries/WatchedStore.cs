using Bxb.Analytics.Queries.ClickHouseStore;
using Bxb.EventLog;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Queries;

/// <summary>A store with a log of its outages, and with a breaker that keeps queries away during an outage. Thread-safe.</summary>
/// <param name="store">The store.</param>
/// <param name="outage">Logs the begin and the end of an outage.</param>
/// <param name="breaker">Opens on an outage and probes the store; null if no other store can answer meanwhile.</param>
internal sealed class WatchedStore(IUsageStore store, OutageLog outage, ClickHouseBreaker? breaker) : IUsageStore, IDisposable
{
    public StoreChoice Name => store.Name;

    /// <summary>Whether the last query was not answered, and no probe has been answered since.</summary>
    public bool IsAway => breaker is { IsOpen: true };

    public async ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await store.WaitForAsync(position, timeout, cancellationToken);
        }
        catch (StoreAwayException e)
        {
            Failed(e);
            throw;
        }
    }

    public async Task<UsageAnswer> QueryAsync(UsageQuery query, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await store.QueryAsync(query, cancellationToken);
            outage.Succeeded();
            return answer;
        }
        catch (StoreAwayException e) when (!e.IsLimit)
        {
            Failed(e);
            throw;
        }
    }

    public void Dispose() => breaker?.Dispose();

    private void Failed(StoreAwayException failure)
    {
        outage.Failed(failure.InnerException ?? failure, failure.IsExpected ? LogLevel.Warning : LogLevel.Error);
        if (failure.IsOutage)
        {
            breaker?.Open();
        }
    }
}

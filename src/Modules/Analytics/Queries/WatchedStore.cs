using Bxb.Analytics.Queries.ClickHouseStore;

namespace Bxb.Analytics.Queries;

/// <summary>A store whose outages are logged, by a line when one begins and one when it ends, and end the asking of it until it answers a probe. Thread-safe.</summary>
/// <param name="store">The store.</param>
/// <param name="outage">Where they are logged.</param>
/// <param name="breaker">Probes the store; null where there is no other one to ask meanwhile.</param>
internal sealed class WatchedStore(IUsageStore store, OutageLog outage, ClickHouseBreaker? breaker) : IUsageStore, IDisposable
{
    public StoreChoice Name => store.Name;

    /// <summary>Whether the store did not answer the last time, and no probe since.</summary>
    public bool IsAway => breaker is { IsOpen: true };

    /// <summary>The store was not asked, since it is away.</summary>
    public void Spared() => outage.Spared();

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
        outage.Failed(failure.InnerException ?? failure, failure.IsExpected);
        if (failure.IsOutage)
        {
            breaker?.Open();
        }
    }
}

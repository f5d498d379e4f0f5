using Bxb.LoadTest.Target;

namespace Bxb.LoadTest.Probe;

/// <summary>Looks once a second how far behind the analytics group is.</summary>
internal sealed class LagWatch(ApiClient api, Organization organization)
{
    /// <summary>The largest lag seen, in events.</summary>
    public long MaxEvents { get; private set; }

    /// <summary>The largest lag seen, in seconds.</summary>
    public double MaxSeconds { get; private set; }

    /// <summary>Forgets what was seen: the warm-up is over.</summary>
    public void Reset() => (MaxEvents, MaxSeconds) = (0, 0);

    /// <summary>Looks once; the lag in events.</summary>
    public async Task<long> LookAsync(CancellationToken cancellationToken)
    {
        if (await api.LagAsync(organization.ApiKey, cancellationToken) is not { } lag)
        {
            return 0;
        }

        MaxEvents = Math.Max(MaxEvents, lag.Events);
        MaxSeconds = Math.Max(MaxSeconds, lag.Seconds);
        return lag.Events;
    }

    /// <summary>Looks until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            do
            {
                await LookAsync(cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The load is over.
        }
    }
}

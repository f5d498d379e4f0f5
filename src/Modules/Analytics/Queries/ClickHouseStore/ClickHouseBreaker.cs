using Bxb.EventLog;

namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Keeps queries away from a ClickHouse that does not answer, until a probe is answered. Thread-safe.</summary>
/// <remarks>Owns one task while it is open. The task ends soon after <see cref="Dispose"/>. Queries of callers are never used as probes.</remarks>
/// <param name="probe">Throws if ClickHouse does not answer.</param>
/// <param name="interval">Pause before each probe; zero disables the breaker.</param>
/// <param name="limit">Time limit of a probe.</param>
/// <param name="outage">Logs the outage.</param>
/// <param name="time">The clock.</param>
internal sealed class ClickHouseBreaker(Func<CancellationToken, Task> probe, TimeSpan interval, TimeSpan limit, OutageLog outage, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private int _isOpen;

    /// <summary>Whether queries are kept away.</summary>
    public bool IsOpen => Volatile.Read(ref _isOpen) != 0;

    /// <summary>Call when ClickHouse does not answer. Probes until it does.</summary>
    public void Open()
    {
        if (interval > TimeSpan.Zero && Interlocked.Exchange(ref _isOpen, 1) == 0)
        {
            _ = ProbeAsync(_stop.Token);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task ProbeAsync(CancellationToken stopped)
    {
        do
        {
            await Task.Delay(interval, time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!stopped.IsCancellationRequested && !await AnswersAsync(stopped));

        if (!stopped.IsCancellationRequested)
        {
            outage.Succeeded();
        }

        Volatile.Write(ref _isOpen, 0);
    }

    private async Task<bool> AnswersAsync(CancellationToken stopped)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stopped);
        var probing = probe(either.Token);
        await probing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!probing.IsCompletedSuccessfully && !stopped.IsCancellationRequested)
        {
            outage.Failed(probing.Exception?.InnerException ?? new TimeoutException("A probe was not answered in time."));
        }

        return probing.IsCompletedSuccessfully;
    }
}

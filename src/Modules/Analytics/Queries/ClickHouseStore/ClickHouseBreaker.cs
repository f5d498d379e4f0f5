namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Keeps queries from a ClickHouse that does not answer, until a probe of the host's own is answered. Thread-safe.</summary>
/// <remarks>Owns one task while it is open; it ends soon after <see cref="Dispose"/>. No query of a caller is ever the probe.</remarks>
/// <param name="probe">Throws when ClickHouse does not answer.</param>
/// <param name="interval">Pause before each probe; zero: it never opens.</param>
/// <param name="limit">How long a probe may take.</param>
/// <param name="outage">Told of the end.</param>
/// <param name="time">The clock.</param>
internal sealed class ClickHouseBreaker(Func<CancellationToken, Task> probe, TimeSpan interval, TimeSpan limit, OutageLog outage, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private int _isOpen;

    /// <summary>Whether ClickHouse did not answer the last time.</summary>
    public bool IsOpen => Volatile.Read(ref _isOpen) != 0;

    /// <summary>ClickHouse does not answer. Probes until it does.</summary>
    public void Open()
    {
        if (interval > TimeSpan.Zero && Interlocked.Exchange(ref _isOpen, 1) == 0)
        {
            _ = ProbeAsync(_stop.Token);
        }
    }

    /// <summary>Ends the probes.</summary>
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
        return probing.IsCompletedSuccessfully;
    }
}

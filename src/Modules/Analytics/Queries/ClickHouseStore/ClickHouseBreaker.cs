namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Keeps queries from a ClickHouse that does not answer, until a probe of the host's own is answered. Thread-safe.</summary>
/// <remarks>Owns one task while it is open. No query of a caller is ever the probe.</remarks>
/// <param name="probe">Throws when ClickHouse does not answer.</param>
/// <param name="interval">Pause before each probe; zero: it never opens.</param>
/// <param name="limit">How long a probe may take.</param>
/// <param name="outage">Told of the end.</param>
/// <param name="time">The clock.</param>
internal sealed class ClickHouseBreaker(Func<CancellationToken, Task> probe, TimeSpan interval, TimeSpan limit, OutageLog outage, TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _probing = Task.CompletedTask;
    private int _isOpen;

    /// <summary>Whether ClickHouse did not answer the last time.</summary>
    public bool IsOpen => Volatile.Read(ref _isOpen) != 0;

    /// <summary>ClickHouse does not answer. Probes until it does.</summary>
    public void Open()
    {
        if (interval > TimeSpan.Zero && Interlocked.Exchange(ref _isOpen, 1) == 0)
        {
            _probing = ProbeAsync();
        }
    }

    /// <summary>Ends the probes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _probing;
        _stop.Dispose();
    }

    private async Task ProbeAsync()
    {
        do
        {
            await Task.Delay(interval, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!_stop.IsCancellationRequested && !await AnswersAsync());

        if (!_stop.IsCancellationRequested)
        {
            outage.Succeeded();
        }

        Volatile.Write(ref _isOpen, 0);
    }

    private async Task<bool> AnswersAsync()
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _stop.Token);
        var probing = probe(either.Token);
        await probing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return probing.IsCompletedSuccessfully;
    }
}

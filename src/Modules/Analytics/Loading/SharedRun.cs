namespace Bxb.Analytics.Loading;

/// <summary>Work whose result serves everybody who asked before it began: twelve who ask at once cause two runs, not twelve. Thread-safe.</summary>
/// <remarks>One run at a time. A failure, and a cancelled call, concern only who ran it; the next one in turn runs it anew.</remarks>
internal sealed class SharedRun<T>(Func<CancellationToken, Task<T>> run) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private long _asked;
    private long _served;
    private T _result = default!;

    /// <summary>The result of a run that began after this call.</summary>
    internal async Task<T> RunAsync(CancellationToken cancellationToken)
    {
        var asked = Interlocked.Increment(ref _asked);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_served < asked)
            {
                var serves = Interlocked.Read(ref _asked);
                _result = await run(cancellationToken);
                _served = serves;
            }

            return _result;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}

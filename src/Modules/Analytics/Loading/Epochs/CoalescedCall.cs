namespace Bxb.Analytics.Loading.Epochs;

/// <summary>Combines concurrent calls of one operation: one execution answers every call that was made before it began. Thread-safe.</summary>
/// <remarks>One execution at a time. A failure or a cancellation affects only the caller whose execution it was; the next waiting caller executes again.</remarks>
internal sealed class CoalescedCall<T>(Func<CancellationToken, Task<T>> operation) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private long _called;
    private long _answered;
    private T _result = default!;

    /// <summary>Returns the result of an execution that began after this call.</summary>
    internal async Task<T> InvokeAsync(CancellationToken cancellationToken)
    {
        var call = Interlocked.Increment(ref _called);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_answered < call)
            {
                var answers = Interlocked.Read(ref _called);
                _result = await operation(cancellationToken);
                _answered = answers;
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

namespace Bxb.Riders.Progress;

/// <summary>The callers that wait until a group's progress reaches a position. Thread-safe.</summary>
internal sealed class PositionWaiters
{
    private readonly Lock _gate = new();
    private readonly List<(long Position, TaskCompletionSource Reached)> _waiters = [];

    /// <summary>
    /// Completes when the progress of any partition reaches the position; the caller then checks the other partitions. Call it before the first check, or an advance in between is missed.
    /// </summary>
    public async Task WaitForAsync(long position, CancellationToken cancellationToken)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiters.Add((position, reached));
        }

        try
        {
            await reached.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _waiters.RemoveAll(w => ReferenceEquals(w.Reached, reached));
            }
        }
    }

    /// <summary>Completes the callers that wait for this position or a lower one.</summary>
    public void Advance(long position)
    {
        lock (_gate)
        {
            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                if (_waiters[i].Position <= position)
                {
                    _waiters[i].Reached.TrySetResult();
                    _waiters.RemoveAt(i);
                }
            }
        }
    }
}

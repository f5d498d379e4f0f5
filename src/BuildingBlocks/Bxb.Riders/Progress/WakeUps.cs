namespace Bxb.Riders.Progress;

/// <summary>Tells the workers of a group's partitions that a request may be stored for them, such as a dead letter to deliver again. Thread-safe.</summary>
internal sealed class WakeUps
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, CancellationTokenSource> _waiting = [];
    private readonly HashSet<int> _raised = [];

    /// <summary>Wakes the workers of these partitions, now or when they wait next.</summary>
    public void Raise(IEnumerable<int> partitions)
    {
        lock (_gate)
        {
            _raised.UnionWith(partitions);
            foreach (var (_, wait) in _waiting)
            {
                wait.Cancel();
            }
        }
    }

    /// <summary>Whether <see cref="Raise"/> was called since the last call for this partition.</summary>
    public bool Take(int partition)
    {
        lock (_gate)
        {
            return _raised.Remove(partition);
        }
    }

    /// <summary>Registers what <see cref="Raise"/> cancels; null when the worker no longer waits. Cancels it at once if a wake-up is pending.</summary>
    public void SetWait(int partition, CancellationTokenSource? wait)
    {
        lock (_gate)
        {
            if (wait is null)
            {
                _waiting.Remove(partition);
                return;
            }

            _waiting[partition] = wait;
            if (_raised.Contains(partition))
            {
                wait.Cancel();
            }
        }
    }
}

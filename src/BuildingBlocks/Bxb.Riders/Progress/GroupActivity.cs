using Bxb.Riders.Transport;

namespace Bxb.Riders.Progress;

/// <summary>What this host knows of one group that it reads or would read: progress, last movement, error, and who waits for a position. Thread-safe.</summary>
/// <remarks>
/// Movement is anything that brings the group on: a claim, a batch processed, progress stored. A try that failed is none. While nothing is to be done the clock
/// stands (see <see cref="Sample"/>), so that a group is not called stalled for having slept.
/// </remarks>
internal sealed class GroupActivity(string group, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly List<(long Position, TaskCompletionSource Reached)> _waiters = [];
    private IPartitionClaim? _claim;
    private CancellationTokenSource? _wake;
    private bool _requeued;
    private long _progress;
    private long _movedAt = time.GetTimestamp();
    private long _oldestPending;
    private string? _error;

    /// <summary>The group.</summary>
    public string Group => group;

    /// <summary>Whether this host reads the group.</summary>
    public bool IsHeld => Volatile.Read(ref _claim) is not null;

    /// <summary>Why it does not get on, one line; null when nothing is wrong.</summary>
    public string? Error => Volatile.Read(ref _error);

    /// <summary>The stored progress, while this host reads the group.</summary>
    public long Progress => Interlocked.Read(ref _progress);

    /// <summary>Positions behind the head; 0 when this host does not read the group.</summary>
    public long LagEvents => Volatile.Read(ref _claim) is { } claim ? Math.Max(0, claim.Head - Progress) : 0;

    /// <summary>Age in seconds of the oldest record that is in hand or read ahead; 0 when there is none.</summary>
    public double LagSeconds
    {
        get
        {
            var oldest = Interlocked.Read(ref _oldestPending);
            return oldest == 0 || !IsHeld ? 0 : Math.Max(0, (time.GetUtcNow().ToUnixTimeMilliseconds() - oldest) / 1000.0);
        }
    }

    /// <summary>How long nothing has moved although something was to be done.</summary>
    public TimeSpan Stillness => IsHeld && LagEvents == 0 ? TimeSpan.Zero : time.GetElapsedTime(Interlocked.Read(ref _movedAt));

    /// <summary>Moves the clock on while there is nothing to do, or nothing that this host could do. Called about once a second.</summary>
    public void Sample()
    {
        if ((IsHeld && LagEvents == 0) || (!IsHeld && Error is null))
        {
            Moved();
        }
    }

    /// <summary>The group was claimed with this progress.</summary>
    public void Held(IPartitionClaim claim, long progress)
    {
        Volatile.Write(ref _claim, claim);
        Volatile.Write(ref _error, null);
        Moved();
        Advance(progress);
    }

    /// <summary>The claim is over.</summary>
    public void Released()
    {
        Volatile.Write(ref _claim, null);
        Interlocked.Exchange(ref _oldestPending, 0);
    }

    /// <summary>Something moved.</summary>
    public void Moved() => Interlocked.Exchange(ref _movedAt, time.GetTimestamp());

    /// <summary>A try failed.</summary>
    public void Failing(string error) => Volatile.Write(ref _error, error);

    /// <summary>What failed has passed.</summary>
    public void Recovered()
    {
        Volatile.Write(ref _error, null);
        Moved();
    }

    /// <summary>The oldest record not processed came in at this time, milliseconds since the Unix epoch; 0 for none.</summary>
    public void Pending(long ingestedAtMilliseconds) => Interlocked.Exchange(ref _oldestPending, ingestedAtMilliseconds);

    /// <summary>Progress was stored: wakes who waited for it. It falls when the group is rewound.</summary>
    public void Advance(long progress)
    {
        lock (_gate)
        {
            _progress = progress;
            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                if (_waiters[i].Position <= progress)
                {
                    _waiters[i].Reached.TrySetResult();
                    _waiters.RemoveAt(i);
                }
            }
        }
    }

    /// <summary>Ends when the stored progress has reached a position while this host reads the group.</summary>
    public async Task ReachedAsync(long position, CancellationToken cancellationToken)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (IsHeld && _progress >= position)
            {
                return;
            }

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

    /// <summary>Tells the worker that a dead letter of the group wants to be delivered again.</summary>
    public void WakeForRequeue()
    {
        lock (_gate)
        {
            _requeued = true;
            _wake?.Cancel();
        }
    }

    /// <summary>Whether <see cref="WakeForRequeue"/> was called since the last time this was asked.</summary>
    public bool TakeRequeue()
    {
        lock (_gate)
        {
            var requeued = _requeued;
            _requeued = false;
            return requeued;
        }
    }

    /// <summary>Names what to cancel when a dead letter is requeued; null when nobody waits. Cancelled at once if one was since.</summary>
    public void SetWake(CancellationTokenSource? wake)
    {
        lock (_gate)
        {
            _wake = wake;
            if (_requeued)
            {
                wake?.Cancel();
            }
        }
    }
}

using System.Collections.Concurrent;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Progress;

/// <summary>What this host knows of one group that it reads or would read: its partitions, its error, who waits for a position, and who is to be woken. Thread-safe.</summary>
internal sealed class GroupActivity(string group, TimeProvider time)
{
    private readonly ConcurrentDictionary<int, PartitionActivity> _partitions = new();
    private readonly Lock _gate = new();
    private readonly List<(long Position, TaskCompletionSource Reached)> _waiters = [];
    private readonly Dictionary<int, CancellationTokenSource> _wakes = [];
    private readonly HashSet<int> _awake = [];
    private readonly Dictionary<int, TaskCompletionSource> _rechecks = [];
    private long _claimingAt = time.GetTimestamp();
    private string? _claimError;

    /// <summary>The group.</summary>
    public string Group => group;

    /// <summary>The partitions that this host reads, or has read.</summary>
    public IEnumerable<PartitionActivity> Partitions => _partitions.Values;

    /// <summary>Whether this host reads any partition of the group.</summary>
    public bool IsHeld => _partitions.Any(p => p.Value.IsHeld);

    /// <summary>Why it does not get on, one line; null when nothing is wrong.</summary>
    public string? Error => Volatile.Read(ref _claimError) ?? _partitions.Select(p => p.Value.Error).FirstOrDefault(e => e is not null);

    /// <summary>Records behind what the transport holds, over the partitions that this host reads.</summary>
    public long LagEvents => _partitions.Sum(p => p.Value.LagEvents);

    /// <summary>How long nothing has moved although something was to be done: in the stillest partition, or in claiming one.</summary>
    public TimeSpan Stillness
    {
        get
        {
            var still = _partitions.Select(p => p.Value.Stillness).DefaultIfEmpty().Max();
            var unclaimed = Volatile.Read(ref _claimError) is null ? TimeSpan.Zero : time.GetElapsedTime(Interlocked.Read(ref _claimingAt));
            return still > unclaimed ? still : unclaimed;
        }
    }

    /// <summary>One partition's part.</summary>
    public PartitionActivity Partition(int partition) => _partitions.GetOrAdd(partition, static (p, t) => new PartitionActivity(p, t), time);

    /// <summary>The position that the group has reached on this host; null unless it reads so many partitions.</summary>
    public long? Reached(int partitions)
    {
        var (held, lowest) = (0, long.MaxValue);
        foreach (var (_, partition) in _partitions)
        {
            if (partition.IsHeld)
            {
                held++;
                lowest = Math.Min(lowest, partition.Progress.Position);
            }
        }

        return held >= partitions ? lowest : null;
    }

    /// <summary>Moves the clocks on while there is nothing to do. Called about once a second.</summary>
    public void Sample()
    {
        foreach (var (_, partition) in _partitions)
        {
            partition.Sample();
        }
    }

    /// <summary>No partition can be claimed, for this reason.</summary>
    public void AcquireFailed(string error)
    {
        if (Interlocked.Exchange(ref _claimError, error) is null)
        {
            Interlocked.Exchange(ref _claimingAt, time.GetTimestamp());
        }
    }

    /// <summary>The transport answers: a partition was claimed, or it is not this host's turn.</summary>
    public void AcquireSucceeded() => Volatile.Write(ref _claimError, null);

    /// <summary>Progress of a partition was stored: has those look again who wait for a position.</summary>
    public void Advance(int partition, Checkpoint progress)
    {
        Partition(partition).Advance(progress);
        lock (_gate)
        {
            // A waiter looks for itself whether all partitions are there; it is only told that its own condition may hold now.
            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                if (_waiters[i].Position <= progress.Position)
                {
                    _waiters[i].Reached.TrySetResult();
                    _waiters.RemoveAt(i);
                }
            }
        }
    }

    /// <summary>Ends when the progress of a partition reaches a position; look then whether the others have, too. Look once before, or the last step may be missed.</summary>
    public async Task AdvancedToAsync(long position, CancellationToken cancellationToken)
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

    /// <summary>Tells the workers that somebody decided something about the group: a dead letter wants to be delivered again.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _awake.UnionWith(_partitions.Keys);
            foreach (var (_, wake) in _wakes)
            {
                wake.Cancel();
            }
        }
    }

    /// <summary>Whether <see cref="Wake"/> was called since the last time that this partition asked.</summary>
    public bool TakeWake(int partition)
    {
        lock (_gate)
        {
            return _awake.Remove(partition);
        }
    }

    /// <summary>
    /// Tells the workers to ask the consumer's store again how far it surely reaches. Ends when each has asked, and has gone back if it had to, or has given its partition up.
    /// </summary>
    public Task RecheckAsync()
    {
        List<Task> asked = [];
        lock (_gate)
        {
            foreach (var (number, _) in _partitions.Where(p => p.Value.IsHeld))
            {
                if (!_rechecks.TryGetValue(number, out var recheck))
                {
                    _rechecks[number] = recheck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                asked.Add(recheck.Task);
            }
        }

        Wake();
        return Task.WhenAll(asked);
    }

    /// <summary>Whether <see cref="RecheckAsync"/> was called since the last time that this partition asked: then what to complete when it is done, or will not be.</summary>
    public TaskCompletionSource? TakeRecheck(int partition)
    {
        lock (_gate)
        {
            return _rechecks.Remove(partition, out var recheck) ? recheck : null;
        }
    }

    /// <summary>Names what to cancel on <see cref="Wake"/>; null when nobody waits. Cancelled at once if it was called since.</summary>
    public void SetWake(int partition, CancellationTokenSource? wake)
    {
        lock (_gate)
        {
            if (wake is null)
            {
                _wakes.Remove(partition);
                return;
            }

            _wakes[partition] = wake;
            if (_awake.Contains(partition))
            {
                wake.Cancel();
            }
        }
    }
}

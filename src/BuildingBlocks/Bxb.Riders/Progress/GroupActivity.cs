using System.Collections.Concurrent;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Progress;

/// <summary>The state on this host of one group that it reads or waits to read: its partitions and errors, and the signals between callers and workers. Thread-safe.</summary>
internal sealed class GroupActivity(string group, TimeProvider time)
{
    private readonly ConcurrentDictionary<int, PartitionActivity> _partitions = new();
    private long _failingSince = time.GetTimestamp();
    private string? _acquireError;

    public string Group => group;

    /// <summary>Callers that wait for a position.</summary>
    public PositionWaiters Waiters { get; } = new();

    /// <summary>Signals to the workers.</summary>
    public WakeUps WakeUps { get; } = new();

    /// <summary>Requests to compare the consumer's store again.</summary>
    public Rechecks Rechecks { get; } = new();

    /// <summary>The partitions that this host reads, or has read.</summary>
    public IEnumerable<PartitionActivity> Partitions => _partitions.Values;

    /// <summary>Whether this host reads any partition of the group.</summary>
    public bool IsHeld => _partitions.Any(p => p.Value.IsHeld);

    /// <summary>The current failure in one line; null when nothing is wrong.</summary>
    public string? Error => Volatile.Read(ref _acquireError) ?? _partitions.Select(p => p.Value.Error).FirstOrDefault(e => e is not null);

    /// <summary>Records that the transport holds above the progress, over the partitions that this host reads.</summary>
    public long LagEvents => _partitions.Sum(p => p.Value.LagEvents);

    /// <summary>Time without movement while there was work: the longest of the partitions, or since no lease can be acquired.</summary>
    public TimeSpan Stillness
    {
        get
        {
            var still = _partitions.Select(p => p.Value.Stillness).DefaultIfEmpty().Max();
            var failing = Volatile.Read(ref _acquireError) is null ? TimeSpan.Zero : time.GetElapsedTime(Interlocked.Read(ref _failingSince));
            return still > failing ? still : failing;
        }
    }

    public PartitionActivity Partition(int partition) => _partitions.GetOrAdd(partition, static (p, t) => new PartitionActivity(p, t), time);

    /// <summary>The lowest position that the partitions on this host have reached; null when this host reads fewer than <paramref name="partitions"/>.</summary>
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

    /// <summary>Restarts the stillness clocks of partitions without work. Called about once a second.</summary>
    public void Sample()
    {
        foreach (var (_, partition) in _partitions)
        {
            partition.Sample();
        }
    }

    /// <summary>No lease can be acquired, for this reason.</summary>
    public void AcquireFailed(string error)
    {
        if (Interlocked.Exchange(ref _acquireError, error) is null)
        {
            Interlocked.Exchange(ref _failingSince, time.GetTimestamp());
        }
    }

    /// <summary>The transport answers: a lease was acquired, or another host holds it.</summary>
    public void AcquireSucceeded() => Volatile.Write(ref _acquireError, null);

    /// <summary>Progress of a partition was stored: shows it and signals the callers that wait for it.</summary>
    public void Advance(int partition, Checkpoint progress)
    {
        Partition(partition).Advance(progress);
        Waiters.Advance(progress.Position);
    }

    /// <summary>Makes the workers look for stored requests.</summary>
    public void Wake() => WakeUps.Raise(_partitions.Keys);

    /// <summary>Makes the workers compare the consumer's store with the progress again. Completes when each has done so and has rewound if necessary, or has released its partition.</summary>
    public Task RecheckAsync()
    {
        var done = Rechecks.RequestAsync(_partitions.Values);
        Wake();
        return done;
    }
}

using Bxb.Riders.Transport;

namespace Bxb.Riders.Progress;

/// <summary>The state on this host of one partition that it reads, or has read, for a group. Thread-safe; progress is set through <see cref="GroupActivity"/>, where callers wait for it.</summary>
/// <remarks>
/// Movement is a new lease, a processed batch or stored progress; a failed attempt is none. Without work the clock is restarted (see <see cref="Sample"/>), so that an idle
/// partition does not count as stalled when work arrives.
/// </remarks>
internal sealed class PartitionActivity(int partition, TimeProvider time)
{
    private readonly Lock _gate = new();
    private Func<Checkpoint, long>? _countLag;
    private Checkpoint _progress;
    private long _movedAt = time.GetTimestamp();
    private long _oldestPending;
    private long _redeliveringSince;
    private long _epoch;
    private string? _error;

    public int Partition => partition;

    /// <summary>Whether this host reads it.</summary>
    public bool IsHeld => Volatile.Read(ref _countLag) is not null;

    /// <summary>The epoch under which this host reads it; 0 while it does not.</summary>
    public long Epoch => Interlocked.Read(ref _epoch);

    /// <summary>The current failure in one line; null when nothing is wrong.</summary>
    public string? Error => Volatile.Read(ref _error);

    /// <summary>The stored progress, while this host reads the partition.</summary>
    public Checkpoint Progress
    {
        get
        {
            lock (_gate)
            {
                return _progress;
            }
        }
    }

    /// <summary>Records that the transport holds above the progress; 0 when this host does not read the partition.</summary>
    public long LagEvents => Volatile.Read(ref _countLag) is { } count ? count(Progress) : 0;

    /// <summary>
    /// Age of the oldest unprocessed record in seconds; 0 without lag. It is the age of the oldest record in flight. When none is in flight, or a redelivery holds new records back, it is the
    /// time since then: a lower bound.
    /// </summary>
    public double LagSeconds
    {
        get
        {
            if (LagEvents == 0)
            {
                return 0;
            }

            var (oldest, redelivering) = (Interlocked.Read(ref _oldestPending), Interlocked.Read(ref _redeliveringSince));
            var inFlight = oldest == 0 ? 0 : Math.Max(0, (time.GetUtcNow().ToUnixTimeMilliseconds() - oldest) / 1000.0);
            var waiting = (redelivering == 0 ? Stillness : time.GetElapsedTime(redelivering)).TotalSeconds;
            return Math.Max(inFlight, waiting);
        }
    }

    private bool HasWork => IsHeld && (Interlocked.Read(ref _redeliveringSince) != 0 || LagEvents > 0);

    /// <summary>Time without movement while there was work.</summary>
    public TimeSpan Stillness => !HasWork ? TimeSpan.Zero : time.GetElapsedTime(Interlocked.Read(ref _movedAt));

    /// <summary>Restarts the stillness clock of a partition without work. Called about once a second.</summary>
    public void Sample()
    {
        if (!HasWork)
        {
            Moved();
        }
    }

    /// <summary>The partition was taken over with this progress.</summary>
    public void Held(Checkpoint progress, Func<Checkpoint, long> countLag, long epoch = 0)
    {
        Interlocked.Exchange(ref _epoch, epoch);
        Advance(progress);
        Volatile.Write(ref _error, null);
        Moved();
        Volatile.Write(ref _countLag, countLag);
    }

    /// <summary>Sets whether processed records are delivered again.</summary>
    public void Redelivering(bool redelivering)
    {
        if (!redelivering)
        {
            Interlocked.Exchange(ref _redeliveringSince, 0);
        }
        else
        {
            Interlocked.CompareExchange(ref _redeliveringSince, time.GetTimestamp(), 0);
        }
    }

    /// <summary>This host no longer reads the partition.</summary>
    public void Released()
    {
        Redelivering(false);
        Interlocked.Exchange(ref _epoch, 0);
        Volatile.Write(ref _countLag, null);
        Volatile.Write(ref _error, null);
        Interlocked.Exchange(ref _oldestPending, 0);
    }

    /// <summary>Restarts the stillness clock.</summary>
    public void Moved() => Interlocked.Exchange(ref _movedAt, time.GetTimestamp());

    /// <summary>An attempt failed.</summary>
    public void Failing(string error) => Volatile.Write(ref _error, error);

    /// <summary>The failure is over.</summary>
    public void Recovered()
    {
        Volatile.Write(ref _error, null);
        Moved();
    }

    /// <summary>Sets when the oldest record in flight was ingested, milliseconds since the Unix epoch; 0 for none.</summary>
    public void Pending(long ingestedAtMilliseconds) => Interlocked.Exchange(ref _oldestPending, ingestedAtMilliseconds);

    /// <summary>Progress was stored. It decreases when the group is rewound.</summary>
    public void Advance(Checkpoint progress)
    {
        lock (_gate)
        {
            _progress = progress;
        }
    }
}

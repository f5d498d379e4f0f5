using Bxb.Riders.Transport;

namespace Bxb.Riders.Progress;

/// <summary>What this host knows of one partition that it reads, or has read, for a group. Thread-safe; changed through <see cref="GroupActivity"/> where others wait for it.</summary>
/// <remarks>
/// Movement is anything that brings the partition on: a claim, a batch processed, progress stored. A try that failed is none. While nothing is to be done the clock
/// stands (see <see cref="Sample"/>), so that a partition is not called stalled for having slept.
/// </remarks>
internal sealed class PartitionActivity(int partition, TimeProvider time)
{
    private readonly Lock _gate = new();
    private Func<Checkpoint, long>? _countLag;
    private Checkpoint _progress;
    private long _movedAt = time.GetTimestamp();
    private long _oldestPending;
    private long _replayingSince;
    private long _epoch;
    private string? _error;

    /// <summary>The partition.</summary>
    public int Partition => partition;

    /// <summary>Whether this host reads it.</summary>
    public bool IsHeld => Volatile.Read(ref _countLag) is not null;

    /// <summary>The epoch under which this host reads it; 0 while it does not.</summary>
    public long Epoch => Interlocked.Read(ref _epoch);

    /// <summary>Why it does not get on, one line; null when nothing is wrong.</summary>
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

    /// <summary>Records behind what the transport holds; 0 when this host does not read the partition.</summary>
    public long LagEvents => Volatile.Read(ref _countLag) is { } count ? count(Progress) : 0;

    /// <summary>
    /// How old what lies behind is, in seconds; 0 when nothing does. The age of the oldest record in hand; where there is none, or a replay keeps what is new waiting, for how long
    /// there has been none: at least so old it is.
    /// </summary>
    public double LagSeconds
    {
        get
        {
            if (LagEvents == 0)
            {
                return 0;
            }

            var (oldest, replaying) = (Interlocked.Read(ref _oldestPending), Interlocked.Read(ref _replayingSince));
            var inHand = oldest == 0 ? 0 : Math.Max(0, (time.GetUtcNow().ToUnixTimeMilliseconds() - oldest) / 1000.0);
            var waiting = (replaying == 0 ? Stillness : time.GetElapsedTime(replaying)).TotalSeconds;
            return Math.Max(inHand, waiting);
        }
    }

    private bool HasWork => IsHeld && (Interlocked.Read(ref _replayingSince) != 0 || LagEvents > 0);

    /// <summary>How long nothing has moved although something was to be done.</summary>
    public TimeSpan Stillness => !HasWork ? TimeSpan.Zero : time.GetElapsedTime(Interlocked.Read(ref _movedAt));

    /// <summary>Moves the clock on while there is nothing to do. Called about once a second.</summary>
    public void Sample()
    {
        if (!HasWork)
        {
            Moved();
        }
    }

    /// <summary>The partition was claimed with this progress.</summary>
    public void Held(Checkpoint progress, Func<Checkpoint, long> countLag, long epoch = 0)
    {
        Interlocked.Exchange(ref _epoch, epoch);
        Advance(progress);
        Volatile.Write(ref _error, null);
        Moved();
        Volatile.Write(ref _countLag, countLag);
    }

    /// <summary>Whether what was processed is being delivered again.</summary>
    public void Replaying(bool replaying)
    {
        if (!replaying)
        {
            Interlocked.Exchange(ref _replayingSince, 0);
        }
        else
        {
            Interlocked.CompareExchange(ref _replayingSince, time.GetTimestamp(), 0);
        }
    }

    /// <summary>The claim is over.</summary>
    public void Released()
    {
        Replaying(false);
        Interlocked.Exchange(ref _epoch, 0);
        Volatile.Write(ref _countLag, null);
        Volatile.Write(ref _error, null);
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

    /// <summary>Progress was stored. It falls when the group is rewound.</summary>
    public void Advance(Checkpoint progress)
    {
        lock (_gate)
        {
            _progress = progress;
        }
    }
}

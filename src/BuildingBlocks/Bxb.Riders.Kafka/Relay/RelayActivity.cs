using Bxb.EventLog.Reading;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>What this host knows of the relay that it runs, or waits to run. Thread-safe.</summary>
internal sealed class RelayActivity(SettledPosition settled, TimeProvider time)
{
    private long _position;
    private long _movedAt = time.GetTimestamp();
    private long _oldestPending;
    private string? _error;
    private volatile bool _isHeld;
    private volatile bool _isTakingOver;

    /// <summary>Whether the relay of this host is the active one.</summary>
    public bool IsHeld => _isHeld;

    /// <summary>Why it does not get on, one line; null when nothing is wrong.</summary>
    public string? Error => Volatile.Read(ref _error);

    /// <summary>Everything up to it is in the topic, as far as this host knows.</summary>
    public long Position => Interlocked.Read(ref _position);

    /// <summary>Positions behind the settled one; 0 while it is another host's turn.</summary>
    public long LagEvents => IsHeld || _isTakingOver || Error is not null ? Math.Max(0, settled.Current - Position) : 0;

    /// <summary>Age in seconds of the oldest record in hand; 0 when there is none.</summary>
    public double LagSeconds
    {
        get
        {
            var oldest = Interlocked.Read(ref _oldestPending);
            return oldest == 0 || LagEvents == 0 ? 0 : Math.Max(0, (time.GetUtcNow().ToUnixTimeMilliseconds() - oldest) / 1000.0);
        }
    }

    /// <summary>How long nothing has moved although something was to be done.</summary>
    public TimeSpan Stillness => LagEvents == 0 ? TimeSpan.Zero : time.GetElapsedTime(Interlocked.Read(ref _movedAt));

    /// <summary>Moves the clock on while there is nothing to do. Called about once a second.</summary>
    public void Sample()
    {
        if (LagEvents == 0)
        {
            Moved();
        }
    }

    /// <summary>Another host relays, and all is well.</summary>
    public void Waiting()
    {
        _isHeld = _isTakingOver = false;
        Interlocked.Exchange(ref _oldestPending, 0);
        Volatile.Write(ref _error, null);
    }

    /// <summary>This host holds the lease and continues from a position once the brokers answer.</summary>
    public void TakingOver(long position)
    {
        Interlocked.Exchange(ref _position, position);
        _isTakingOver = true;
    }

    /// <summary>This host relays.</summary>
    public void Held(long position)
    {
        Interlocked.Exchange(ref _position, position);
        _isHeld = true;
    }

    /// <summary>It does not any more.</summary>
    public void Released() => _isHeld = _isTakingOver = false;

    /// <summary>The oldest record that is being carried came in at this time, milliseconds since the Unix epoch; 0 for none.</summary>
    public void Pending(long ingestedAtMilliseconds) => Interlocked.Exchange(ref _oldestPending, ingestedAtMilliseconds);

    /// <summary>A flush is stored.</summary>
    public void Advance(long position)
    {
        Interlocked.Exchange(ref _position, position);
        Interlocked.Exchange(ref _oldestPending, 0);
        Volatile.Write(ref _error, null);
        Moved();
    }

    /// <summary>A try failed; it is tried again.</summary>
    public void Failing(string error) => Volatile.Write(ref _error, error);

    private void Moved() => Interlocked.Exchange(ref _movedAt, time.GetTimestamp());
}

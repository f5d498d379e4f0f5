using Microsoft.Extensions.Logging;

namespace Bxb.EventLog.Reading;

/// <summary>The transaction that holds the settled position back, and for how long. Written by the probing loop, read by any thread.</summary>
internal sealed partial class SettledHold(ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan WarnAfter = TimeSpan.FromSeconds(10);

    private HoldingTransaction? _by;
    private long _since;
    private bool _warned;

    /// <summary>The oldest open transaction; null if the settled position is not held back.</summary>
    public HoldingTransaction? By => Volatile.Read(ref _by);

    /// <summary>How long the settled position has been held back; zero if it is not.</summary>
    public TimeSpan Duration => Interlocked.Read(ref _since) is > 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Call while the settled position waits.</summary>
    /// <param name="by">The oldest open transaction; null if it has just ended.</param>
    /// <param name="settled">The settled position.</param>
    /// <param name="head">The highest position taken.</param>
    public void Continue(HoldingTransaction? by, long settled, long head)
    {
        if (by is null)
        {
            return;
        }

        Interlocked.CompareExchange(ref _since, time.GetTimestamp(), 0);

        // Without the right to see the begin of the transaction, the time at which this host first saw it.
        by = by with { Since = by.Since ?? (By is { } known && known.ProcessId == by.ProcessId ? known.Since : time.GetUtcNow()) };
        Volatile.Write(ref _by, by);
        if (!_warned && Duration >= WarnAfter)
        {
            _warned = true;
            LogHeldBack(logger, settled, head, by);
        }
    }

    /// <summary>Call when the settled position advances or is no longer probed.</summary>
    public void End()
    {
        if (_warned)
        {
            LogOver(logger, Math.Round(Duration.TotalSeconds, 1));
        }

        _warned = false;
        Volatile.Write(ref _by, null);
        Interlocked.Exchange(ref _since, 0);
    }

    [LoggerMessage(1021, LogLevel.Warning, "Readers are held at {Settled} of {Head} by an open transaction: {Session}")]
    private static partial void LogHeldBack(ILogger logger, long settled, long head, HoldingTransaction session);

    [LoggerMessage(1024, LogLevel.Information, "Readers are no longer held back by an open transaction; they were for {Seconds} s")]
    private static partial void LogOver(ILogger logger, double seconds);
}

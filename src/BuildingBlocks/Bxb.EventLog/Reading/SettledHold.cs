using Microsoft.Extensions.Logging;

namespace Bxb.EventLog.Reading;

/// <summary>What holds the settled position back, and for how long. Written by the one loop that probes, read by every thread.</summary>
internal sealed partial class SettledHold(ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan WarnAfter = TimeSpan.FromSeconds(10);

    private HoldingTransaction? _by;
    private long _since;
    private bool _warned;

    /// <summary>The oldest open transaction; null while nothing is held back.</summary>
    public HoldingTransaction? By => Volatile.Read(ref _by);

    /// <summary>How long the settled position has been held back; zero while it is not.</summary>
    public TimeSpan Duration => Interlocked.Read(ref _since) is > 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>The settled position still waits.</summary>
    /// <param name="by">For this transaction; null when the oldest one has ended a moment ago.</param>
    /// <param name="settled">The settled position.</param>
    /// <param name="head">The last position taken.</param>
    public void Continue(HoldingTransaction? by, long settled, long head)
    {
        if (by is null)
        {
            return;
        }

        Interlocked.CompareExchange(ref _since, time.GetTimestamp(), 0);

        // Without the right to see when the transaction began: since this host saw it first.
        by = by with { Since = by.Since ?? (By is { } known && known.ProcessId == by.ProcessId ? known.Since : time.GetUtcNow()) };
        Volatile.Write(ref _by, by);
        if (!_warned && Duration >= WarnAfter)
        {
            _warned = true;
            LogHeldBack(logger, settled, head, by);
        }
    }

    /// <summary>The settled position moves again, or is no longer looked for.</summary>
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

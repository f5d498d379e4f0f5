using System.Diagnostics;

namespace Bxb.LoadTest.Traffic;

/// <summary>Says when requests are to be sent. Thread-safe.</summary>
/// <remarks>
/// With a rate the schedule is fixed beforehand and shared by all connections: a request that is late because none was free waits in the latency figures, as its
/// sender would have waited. Timers are good for about a millisecond, which the figures contain as well.
/// </remarks>
internal sealed class Pacer
{
    private readonly long _start;
    private readonly long _measureFrom;
    private readonly long _end;
    private readonly double? _interval;
    private long _next = -1;

    /// <param name="settings">Rate and duration.</param>
    /// <param name="start">Timestamp at which the warm-up begins.</param>
    public Pacer(LoadSettings settings, long start)
    {
        _start = start;
        _measureFrom = start + Ticks(settings.WarmUp);
        _end = _measureFrom + Ticks(settings.Duration);
        _interval = settings.Rate is { } rate ? settings.Batch / rate * Stopwatch.Frequency : null;
    }

    /// <summary>Whether a time lies in what is measured.</summary>
    public bool IsMeasured(long timestamp) => timestamp >= _measureFrom && timestamp < _end;

    /// <summary>Whether a time lies behind the warm-up.</summary>
    public bool IsWarm(long timestamp) => timestamp >= _measureFrom;

    /// <summary>Ends when the next request is due, with its intended time; null when the load is over.</summary>
    public async ValueTask<long?> NextAsync(CancellationToken cancellationToken)
    {
        var now = Stopwatch.GetTimestamp();
        if (_interval is not { } interval)
        {
            return now < _end ? now : null;
        }

        var intended = _start + (long)(Interlocked.Increment(ref _next) * interval);
        if (intended >= _end)
        {
            return null;
        }

        if (intended > now)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(Stopwatch.GetElapsedTime(now, intended).TotalMilliseconds)), cancellationToken);
        }

        return intended;
    }

    private static long Ticks(TimeSpan duration) => (long)(duration.TotalSeconds * Stopwatch.Frequency);
}

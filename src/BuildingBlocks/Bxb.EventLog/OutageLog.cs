using Microsoft.Extensions.Logging;

namespace Bxb.EventLog;

/// <summary>Logs a failure of many calls as one outage: a warning when it begins, a count once a minute while it lasts, and a line when it ends. Thread-safe.</summary>
/// <remarks>
/// An outage ends with the first success at least <see cref="QuietTime"/> after the last failure, so that alternating failures and successes do not write two lines each. A failure more than a
/// minute after the last one begins a new outage, also without a success in between.
/// The first exception of an outage is logged with its stack at level Debug.
/// </remarks>
/// <param name="logger">Receives the lines.</param>
/// <param name="what">The outage as a clause, such as "The event log takes no events".</param>
/// <param name="time">The clock.</param>
public sealed partial class OutageLog(ILogger logger, string what, TimeProvider time)
{
    private static readonly TimeSpan CountInterval = TimeSpan.FromMinutes(1);
    private const int MaxReasonLength = 500;

    private readonly Lock _gate = new();
    private long _failures;
    private long _begunAt;
    private long _failedAt;
    private long _countedAt;
    private bool _succeededSince;

    /// <summary>Minimum time without a failure before a success ends the outage. Default 5 s; zero if a success proves the end.</summary>
    public TimeSpan QuietTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A call failed.</summary>
    /// <param name="reason">Logged in one line: types and messages, its inner exceptions included.</param>
    /// <param name="level">The level of the first line. Error for a failure that needs an engineer.</param>
    public void Failed(Exception reason, LogLevel level = LogLevel.Warning)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (Count(() => Line(reason), level))
        {
            LogStack(logger, reason, what);
        }
    }

    /// <summary>A call failed.</summary>
    /// <param name="reason">One line.</param>
    public void Failed(string reason) => Count(() => reason, LogLevel.Warning);

    /// <summary>A call succeeded. Costs one read if there is no outage.</summary>
    public void Succeeded()
    {
        if (Volatile.Read(ref _failures) == 0)
        {
            return;
        }

        lock (_gate)
        {
            _succeededSince = true;
            if (_failures > 0 && time.GetElapsedTime(_failedAt) >= QuietTime)
            {
                End();
            }
        }
    }

    // Returns true for the first failure of an outage.
    private bool Count(Func<string> reason, LogLevel level)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_failures > 0 && time.GetElapsedTime(_failedAt, now) >= (_succeededSince ? QuietTime : CountInterval))
            {
                End();
            }

            _failedAt = now;
            _succeededSince = false;
            _failures++;
            if (_failures == 1)
            {
                _begunAt = _countedAt = now;
                LogBegun(logger, level, what, reason());
                return true;
            }

            if (time.GetElapsedTime(_countedAt, now) >= CountInterval)
            {
                _countedAt = now;
                LogLasting(logger, what, Seconds(now), _failures, reason());
            }

            return false;
        }
    }

    private void End()
    {
        LogOver(logger, Seconds(_failedAt), _failures, what);
        _failures = 0;
    }

    private double Seconds(long until) => Math.Round(time.GetElapsedTime(_begunAt, until).TotalSeconds, 1);

    private static string Line(Exception reason)
    {
        var parts = new List<string>();
        for (var cause = reason; cause is not null; cause = cause.InnerException)
        {
            parts.Add($"{cause.GetType().Name}: {cause.Message}");
        }

        var line = string.Join(" <- ", parts).ReplaceLineEndings(" ");
        return line.Length <= MaxReasonLength ? line : line[..MaxReasonLength];
    }

    [LoggerMessage(EventId = 1050, Message = "{What}: {Reason}")]
    private static partial void LogBegun(ILogger logger, LogLevel level, string what, string reason);

    [LoggerMessage(1051, LogLevel.Warning, "{What}, for {Seconds} s now and {Failures} times: {Reason}")]
    private static partial void LogLasting(ILogger logger, string what, double seconds, long failures, string reason);

    [LoggerMessage(1052, LogLevel.Information, "Over after {Seconds} s and {Failures} times: {What}")]
    private static partial void LogOver(ILogger logger, double seconds, long failures, string what);

    [LoggerMessage(1053, LogLevel.Debug, "{What}: the first failure")]
    private static partial void LogStack(ILogger logger, Exception reason, string what);
}

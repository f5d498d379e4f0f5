using Microsoft.Extensions.Logging;

namespace Bxb.EventLog;

/// <summary>Logs a fault that many calls meet as one state: a warning when it begins, a count once a minute while it lasts, a line when it is over. Thread-safe.</summary>
/// <remarks>
/// The state is over with the first success at least <see cref="Quiet"/> after the last failure, so that calls which fail and succeed in turn do not write two lines each. A failure more than a
/// minute after the last one begins a state of its own, also without a success in between.
/// The first exception of a state is logged with its stack at level Debug.
/// </remarks>
/// <param name="logger">Takes the lines.</param>
/// <param name="what">The state in words that fit before a colon, such as "The event log takes no events".</param>
/// <param name="time">The clock.</param>
public sealed partial class OutageLog(ILogger logger, string what, TimeProvider time)
{
    /// <summary>The least time without a failure before a success ends the state: 5 s.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CountInterval = TimeSpan.FromMinutes(1);
    private const int MaxReasonLength = 500;

    private readonly Lock _gate = new();
    private long _failures;
    private long _begunAt;
    private long _failedAt;
    private long _countedAt;
    private bool _succeededSince;

    /// <summary>A call failed.</summary>
    /// <param name="reason">Logged in one line: types and messages, its inner exceptions included.</param>
    public void Failed(Exception reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (Count(() => Line(reason)))
        {
            LogStack(logger, reason, what);
        }
    }

    /// <summary>A call failed.</summary>
    /// <param name="reason">One line.</param>
    public void Failed(string reason) => Count(() => reason);

    /// <summary>A call succeeded. Costs one read while all is well.</summary>
    public void Succeeded()
    {
        if (Volatile.Read(ref _failures) == 0)
        {
            return;
        }

        lock (_gate)
        {
            _succeededSince = true;
            if (_failures > 0 && time.GetElapsedTime(_failedAt) >= Quiet)
            {
                End();
            }
        }
    }

    // True for the first failure of a state.
    private bool Count(Func<string> reason)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_failures > 0 && time.GetElapsedTime(_failedAt, now) >= (_succeededSince ? Quiet : CountInterval))
            {
                End();
            }

            _failedAt = now;
            _succeededSince = false;
            _failures++;
            if (_failures == 1)
            {
                _begunAt = _countedAt = now;
                LogBegun(logger, what, reason());
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

    [LoggerMessage(1050, LogLevel.Warning, "{What}: {Reason}")]
    private static partial void LogBegun(ILogger logger, string what, string reason);

    [LoggerMessage(1051, LogLevel.Warning, "{What}, for {Seconds} s now and {Failures} times: {Reason}")]
    private static partial void LogLasting(ILogger logger, string what, double seconds, long failures, string reason);

    [LoggerMessage(1052, LogLevel.Information, "Over after {Seconds} s and {Failures} times: {What}")]
    private static partial void LogOver(ILogger logger, double seconds, long failures, string what);

    [LoggerMessage(1053, LogLevel.Debug, "{What}: the first failure")]
    private static partial void LogStack(ILogger logger, Exception reason, string what);
}

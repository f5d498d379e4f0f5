using Microsoft.Extensions.Logging;

namespace Bxb.Analytics;

/// <summary>Logs an outage by one line when it begins and one when it ends, with a count of what failed in between. Thread-safe.</summary>
/// <param name="begins">What is said at the first failure.</param>
/// <param name="ends">What is said at the first success after it.</param>
/// <param name="time">Measures how long it took.</param>
/// <param name="logger">Where it is said.</param>
internal sealed partial class OutageLog(string begins, string ends, TimeProvider time, ILogger logger)
{
    private const int MaxReason = 300;

    private readonly Lock _gate = new();
    private long _failures;
    private long _since;

    /// <summary>Something failed, or was not tried because it would.</summary>
    /// <param name="failure">Only its message is logged, without the stack.</param>
    /// <param name="isExpected">Whether it passes by itself; if not, an engineer has to look at it, and it is logged as an error.</param>
    public void Failed(Exception failure, bool isExpected = true)
    {
        lock (_gate)
        {
            if (_failures++ > 0)
            {
                LogMore(begins, Line(failure));
                return;
            }

            _since = time.GetTimestamp();
        }

        LogBegun(isExpected ? LogLevel.Warning : LogLevel.Error, begins, Line(failure));
    }

    /// <summary>Something was not tried because it would fail.</summary>
    public void Spared()
    {
        lock (_gate)
        {
            _failures += _failures > 0 ? 1 : 0;
        }
    }

    /// <summary>Something went well.</summary>
    public void Succeeded()
    {
        if (Interlocked.Read(ref _failures) == 0)
        {
            return;
        }

        long failures;
        TimeSpan lasted;
        lock (_gate)
        {
            (failures, _failures) = (_failures, 0);
            lasted = time.GetElapsedTime(_since);
        }

        if (failures > 0)
        {
            LogEnded(ends, lasted.TotalSeconds, failures);
        }
    }

    private static string Line(Exception failure)
    {
        var text = failure.Message.ReplaceLineEndings(" ");
        return text.Length <= MaxReason ? text : string.Concat(text.AsSpan(0, MaxReason), "...");
    }

    [LoggerMessage(EventId = 7200, Message = "{Outage}: {Reason}")]
    private partial void LogBegun(LogLevel level, string outage, string reason);

    [LoggerMessage(7201, LogLevel.Debug, "{Outage}, again: {Reason}")]
    private partial void LogMore(string outage, string reason);

    [LoggerMessage(7202, LogLevel.Information, "{Recovery}, after {Seconds:0.0} s and {Failures} failures")]
    private partial void LogEnded(string recovery, double seconds, long failures);
}

using Microsoft.Extensions.Logging;

namespace Bxb.Analytics;

/// <summary>Logs one line when an outage begins and one when it ends, with the number of failures. Thread-safe.</summary>
/// <param name="begins">The text for the first failure.</param>
/// <param name="ends">The text for the first success after it.</param>
/// <param name="time">Measures the duration.</param>
/// <param name="logger">Receives the lines.</param>
internal sealed partial class OutageLog(string begins, string ends, TimeProvider time, ILogger logger)
{
    private const int MaxReason = 300;

    private readonly Lock _gate = new();
    private long _failures;
    private long _since;

    /// <summary>Call after a failure.</summary>
    /// <param name="failure">Its message is logged, without the stack.</param>
    /// <param name="isExpected">Whether the failure is temporary. If not, it needs an engineer and is logged as an error.</param>
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

    /// <summary>Call when an operation was not tried because it would fail.</summary>
    public void Skipped()
    {
        lock (_gate)
        {
            _failures += _failures > 0 ? 1 : 0;
        }
    }

    /// <summary>Call after a success.</summary>
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

using Bxb.EventLog;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka;

/// <summary>What the clients of librdkafka say goes to the host's log through here. Brokers that cannot be reached are one state, whichever clients meet it and however often. Thread-safe.</summary>
/// <remarks>
/// librdkafka tells of a broken connection and of each attempt that fails, at least every 30 s while it lasts; it does not tell of one that succeeds. So the state is over when nothing failed for
/// <see cref="Silence"/>. Owns a timer.
/// </remarks>
internal sealed partial class KafkaLog : IDisposable
{
    /// <summary>The time without a failed connection after which all brokers that are needed can be reached: 35 s.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(35);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly OutageLog _outage;
    private readonly TimeProvider _time;
    private readonly ILogger<KafkaLog> _logger;
    private readonly ITimer _timer;
    private long _failedAt;

    /// <summary>Starts the timer.</summary>
    public KafkaLog(TimeProvider time, ILogger<KafkaLog> logger)
    {
        (_time, _logger) = (time, logger);
        _outage = new OutageLog(logger, "A Kafka broker cannot be reached", time);
        _timer = time.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    /// <summary>Takes a line of a client.</summary>
    public void Write(LogMessage message)
    {
        if (message.Level > SyslogLevel.Warning)
        {
            LogMessage(_logger, LogLevel.Debug, message.Name, message.Facility, message.Message);
        }
        else if (message.Facility is "FAIL" or "ERROR" or "REQTMOUT")
        {
            Interlocked.Exchange(ref _failedAt, _time.GetTimestamp());
            _outage.Failed($"{message.Name} {message.Message}");
        }
        else
        {
            LogMessage(_logger, message.Level < SyslogLevel.Error ? LogLevel.Error : LogLevel.Warning, message.Name, message.Facility, message.Message);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _timer.Dispose();

    /// <summary>Whether an error of a client only repeats that a connection failed, which is written down already.</summary>
    public static bool IsConnection(ErrorCode code) => code is ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Resolve or ErrorCode.Local_TimedOut;

    private void Look()
    {
        if (_time.GetElapsedTime(Interlocked.Read(ref _failedAt)) >= Silence)
        {
            _outage.Succeeded();
        }
    }

    [LoggerMessage(EventId = 2122, Message = "{Client} {Facility}: {Message}")]
    private static partial void LogMessage(ILogger logger, LogLevel level, string client, string facility, string message);
}

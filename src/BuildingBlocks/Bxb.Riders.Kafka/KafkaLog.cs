using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka;

/// <summary>What librdkafka has to say goes to the host's log. Its "errors" are mostly brokers that are away for a moment, which it gets over by itself: warnings at most.</summary>
internal static partial class KafkaLog
{
    public static void Write(ILogger logger, LogMessage message)
    {
        var level = message.Level switch
        {
            SyslogLevel.Emergency or SyslogLevel.Alert or SyslogLevel.Critical => LogLevel.Error,
            SyslogLevel.Error or SyslogLevel.Warning => LogLevel.Warning,
            SyslogLevel.Notice or SyslogLevel.Info => LogLevel.Information,
            _ => LogLevel.Debug,
        };
        LogMessage(logger, level, message.Name, message.Facility, message.Message);
    }

    [LoggerMessage(EventId = 2122, Message = "{Client} {Facility}: {Message}")]
    private static partial void LogMessage(ILogger logger, LogLevel level, string client, string facility, string message);
}

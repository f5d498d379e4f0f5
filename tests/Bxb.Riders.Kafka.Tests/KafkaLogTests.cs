using Bxb.Testing;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Bxb.Riders.Kafka.Tests;

public sealed class KafkaLogTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Lines _lines = new();
    private readonly KafkaLog _log;

    public KafkaLogTests() => _log = new KafkaLog(_clock, _lines);

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Brokers_that_cannot_be_reached_are_a_line_when_it_begins_and_a_line_when_it_is_over()
    {
        for (var i = 0; i < 500; i++)
        {
            Write(SyslogLevel.Error, "FAIL", $"Connect to 127.0.0.1:9092 failed: Connection refused (after {i}ms)");
            Write(SyslogLevel.Error, "ERROR", "1/1 brokers are down");
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        _lines.All.ShouldBe(["Warning: A Kafka broker cannot be reached: client Connect to 127.0.0.1:9092 failed: Connection refused (after 0ms)"]);
        _clock.Advance(TimeSpan.FromSeconds(30));
        _lines.All.Count.ShouldBe(1, "a client is silent for up to 30 s while it goes on failing");
        _clock.Advance(TimeSpan.FromSeconds(10));
        _lines.All.Skip(1).ShouldBe(["Information: Over after 49.9 s and 1000 times: A Kafka broker cannot be reached"]);
        _clock.Advance(TimeSpan.FromHours(1));
        _lines.All.Count.ShouldBe(2);
    }

    [Fact]
    public void What_else_a_client_warns_of_is_logged_as_it_comes_and_what_it_only_tells_is_not()
    {
        Write(SyslogLevel.Warning, "CONFWARN", "a setting");
        Write(SyslogLevel.Critical, "FATAL", "an end");
        Write(SyslogLevel.Info, "FAIL", "Disconnected: connection closed by peer");
        Write(SyslogLevel.Notice, "REQTMOUT", "Timed out");
        _lines.All.ShouldBe(["Warning: client CONFWARN: a setting", "Error: client FATAL: an end"]);
    }

    private void Write(SyslogLevel level, string facility, string message) => _log.Write(new LogMessage("client", level, facility, message));

    private sealed class Lines : ILogger<KafkaLog>
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                All.Add($"{logLevel}: {formatter(state, exception)}");
            }
        }
    }
}

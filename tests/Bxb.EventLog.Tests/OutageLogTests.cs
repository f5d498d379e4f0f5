using Bxb.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Bxb.EventLog.Tests;

public sealed class OutageLogTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly LogLines _lines = new();

    [Fact]
    public void A_state_has_one_line_at_its_begin_a_count_a_minute_and_one_line_at_its_end()
    {
        var log = new OutageLog(_lines, "The store does not answer", _clock);
        log.Succeeded();
        for (var i = 0; i <= 1_200; i++)
        {
            log.Failed(new InvalidOperationException("outer", new IOException("inner\nline")));
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        log.Succeeded();
        _clock.Advance(TimeSpan.FromSeconds(5));
        log.Succeeded();
        log.Succeeded();
        _lines.All.ShouldBe(
        [
            "Warning: The store does not answer: InvalidOperationException: outer <- IOException: inner line",
            "Warning: The store does not answer, for 60 s now and 601 times: InvalidOperationException: outer <- IOException: inner line",
            "Warning: The store does not answer, for 120 s now and 1201 times: InvalidOperationException: outer <- IOException: inner line",
            "Information: Over after 120 s and 1201 times: The store does not answer",
        ]);
    }

    [Fact]
    public void Calls_that_fail_and_succeed_in_turn_are_one_state()
    {
        var log = new OutageLog(_lines, "X", _clock);
        for (var i = 0; i < 100; i++)
        {
            log.Failed("a");
            log.Succeeded();
            _clock.Advance(TimeSpan.FromMilliseconds(500));
        }

        _lines.All.ShouldBe(["Warning: X: a"]);
    }

    [Fact]
    public void A_failure_more_than_a_minute_after_the_last_one_is_a_state_of_its_own()
    {
        var log = new OutageLog(_lines, "X", _clock);
        log.Failed("a");
        _clock.Advance(TimeSpan.FromMinutes(1));
        log.Failed("b");
        _lines.All.ShouldBe(["Warning: X: a", "Information: Over after 0 s and 1 times: X", "Warning: X: b"]);
    }

    [Fact]
    public void A_failure_long_after_a_success_is_a_state_of_its_own()
    {
        var log = new OutageLog(_lines, "X", _clock);
        log.Failed("a");
        log.Succeeded();
        _clock.Advance(TimeSpan.FromHours(1));
        log.Failed("b");
        _lines.All.ShouldBe(["Warning: X: a", "Information: Over after 0 s and 1 times: X", "Warning: X: b"]);
    }
}

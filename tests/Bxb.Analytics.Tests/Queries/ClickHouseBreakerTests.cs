using Bxb.EventLog;
using Bxb.Analytics.Queries.ClickHouseStore;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.Analytics.Tests.Queries;

public class ClickHouseBreakerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task It_is_open_until_a_probe_of_its_own_is_answered()
    {
        var time = new ManualTimeProvider();
        var (probes, answers) = (0, false);
        using var breaker = Breaker(time, Second, _ =>
        {
            probes++;
            return answers ? Task.CompletedTask : Task.FromException(new IOException());
        });

        breaker.IsOpen.ShouldBeFalse();
        breaker.Open();
        breaker.Open();
        for (var i = 1; i <= 3; i++)
        {
            await time.AdvanceTimerAsync(Second);
            await Eventually.HoldsAsync(() => probes == i);
            breaker.IsOpen.ShouldBeTrue();
        }

        answers = true;
        await time.AdvanceTimerAsync(Second);
        await Eventually.HoldsAsync(() => !breaker.IsOpen);
        probes.ShouldBe(4);
    }

    [Fact]
    public async Task A_probe_that_hangs_is_given_up()
    {
        var time = new ManualTimeProvider();
        var probes = 0;
        using var breaker = Breaker(time, Second, token =>
        {
            probes++;
            return probes == 1 ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask;
        });

        breaker.Open();
        await time.AdvanceTimerAsync(Second);
        await Eventually.HoldsAsync(() => probes == 1);
        await time.AdvanceTimerAsync(Second * 2);
        await Eventually.HoldsAsync(async () =>
        {
            time.Advance(Second);
            await Task.Yield();
            return !breaker.IsOpen;
        });
        probes.ShouldBe(2);
    }

    [Fact]
    public void Without_an_interval_it_never_opens()
    {
        using var breaker = Breaker(new ManualTimeProvider(), TimeSpan.Zero, _ => Task.CompletedTask);
        breaker.Open();
        breaker.IsOpen.ShouldBeFalse();
    }

    private static ClickHouseBreaker Breaker(TimeProvider time, TimeSpan interval, Func<CancellationToken, Task> probe) =>
        new(probe, interval, Second * 2, new OutageLog(NullLogger.Instance, "away", time), time);
}

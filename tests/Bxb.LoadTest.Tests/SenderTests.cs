using System.Diagnostics;
using Bxb.LoadTest.Target;
using Bxb.LoadTest.Traffic;

namespace Bxb.LoadTest.Tests;

public sealed class SenderTests
{
    [Fact]
    public async Task Whatever_happens_on_the_way_it_counts_what_the_host_recorded()
    {
        await using var host = await FakeHost.StartAsync();
        host.Mishap = n => Task.FromResult((n % 7) switch { 2 => "cut before", 4 => "busy", 6 => "cut after", _ => null });
        var settings = new LoadSettings { Batch = 5, DuplicatePercent = 20, WarmUp = TimeSpan.Zero, Duration = TimeSpan.FromSeconds(1) };
        var sender = new Sender(settings, host.Url, new Organization("o", "k"), new EventTemplate("run", "code", 3), new Pacer(settings, Stopwatch.GetTimestamp()), 0);

        await sender.RunAsync(CancellationToken.None);

        sender.Acknowledged.ByRegion.ShouldBe(
            host.Events.Values.GroupBy(e => e.Region, StringComparer.Ordinal).ToDictionary(g => g.Key, g => (g.LongCount(), g.Sum(e => e.Bytes)), StringComparer.Ordinal), ignoreOrder: true);
        sender.Resent.ShouldBeGreaterThan(0);
        sender.Throttled.ShouldBeGreaterThan(0);
        sender.Position.ShouldBe(17);
        (sender.ToldIngested + sender.ToldDuplicates).ShouldBe(sender.Acknowledged.Events + sender.SentDuplicates);
    }

    [Fact]
    public async Task A_host_that_refuses_the_load_ends_it()
    {
        await using var host = await FakeHost.StartAsync();
        var settings = new LoadSettings { Batch = 1, WarmUp = TimeSpan.Zero, Duration = TimeSpan.FromSeconds(1) };
        var sender = new Sender(settings, host.Url, new Organization("o", "k"), new EventTemplate("run", "code", 3), new Pacer(settings, Stopwatch.GetTimestamp()), 0);

        (await Should.ThrowAsync<LoadException>(() => sender.RunAsync(CancellationToken.None))).Message.ShouldContain("404");
    }

    [Fact]
    public async Task With_a_rate_a_stall_shows_in_every_request_that_was_due_in_it()
    {
        await using var host = await FakeHost.StartAsync();

        // The only connection stands still for a while in which 20 more requests are due.
        host.Mishap = async n =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(n == 10 ? 400 : 0));
            return null;
        };
        var settings = new LoadSettings { Batch = 2, Rate = 100, WarmUp = TimeSpan.Zero, Duration = TimeSpan.FromSeconds(1) };
        var sender = new Sender(settings, host.Url, new Organization("o", "k"), new EventTemplate("run", "code", 3), new Pacer(settings, Stopwatch.GetTimestamp()), 0);

        await sender.RunAsync(CancellationToken.None);

        sender.Latency.Count.ShouldBe(50);
        sender.Latency.Max.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(390));
        sender.Latency.Percentile(0.75).ShouldBeGreaterThan(TimeSpan.FromMilliseconds(100), "those that waited for the stalled one waited, too");
    }
}

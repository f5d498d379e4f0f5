using Bxb.Analytics.Queries;
using Bxb.Analytics.Queries.Windows;
using Bxb.Analytics.Tests.Cases;
using Bxb.Modularity.Errors;
using NodaTime;

namespace Bxb.Analytics.Tests.Queries;

public sealed class WindowPlanTests
{
    private static readonly UsageQueryOptions Options = new();

    private static readonly string[] Zones =
    [
        "UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia", "America/New_York", "Asia/Tehran", "Africa/Casablanca", "America/Santiago", "Pacific/Chatham", "Asia/Beirut", "America/St_Johns", "Africa/Monrovia",
    ];

    public static TheoryData<string> AllZones => [.. Zones];

    [Theory]
    [MemberData(nameof(AllZones))]
    public void Days_follow_each_other_and_begin_when_the_local_date_changes(string name)
    {
        TimeZones.TryFind(name, out var zone).ShouldBeTrue();
        var from = new DateTimeOffset(2005, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        var to = new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

        var edges = LocalDates.FindStarts(zone!, from, to, UsageWindow.Day);

        edges[0].ShouldBeLessThanOrEqualTo(from);
        edges[1].ShouldBeGreaterThan(from);
        edges[^1].ShouldBeGreaterThanOrEqualTo(to);
        edges[^2].ShouldBeLessThan(to);
        for (var i = 0; i < edges.Length; i++)
        {
            Local(edges[i]).Date.ShouldBeGreaterThan(Local(edges[i] - 1).Date, $"edge {i}");
            if (i > 0)
            {
                Local(edges[i] - 1).Date.ShouldBe(Local(edges[i - 1]).Date, $"edge {i}");
            }
        }

        DateTime Local(long instant) => Instant.FromUnixTimeMilliseconds(instant).InZone(zone!).ToDateTimeUnspecified();
    }

    [Fact]
    public void Every_instant_lies_in_the_window_that_its_key_names()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < 500; i++)
        {
            var zone = Zones[random.Next(Zones.Length)];
            var window = new[] { "hour", "15m", "5m", "minute" }[random.Next(4)];
            var from = new DateTimeOffset(1970 + random.Next(60), 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(random.Next(525_600)).AddMilliseconds(random.Next(60_000));
            var to = from.AddMinutes(1 + random.Next(window == "minute" ? 40_000 : 200_000));
            var query = UsageCase.Parse($"metric=m&from={from:yyyy-MM-ddTHH:mm:ss.fffZ}&to={to:yyyy-MM-ddTHH:mm:ss.fffZ}&window={window}&timezone={zone}").For(UsageCase.Count());
            var plan = (WindowSteps)WindowPlan.Of(query, Options);
            var instant = query.FromMilliseconds + random.NextInt64(query.ToMilliseconds - query.FromMilliseconds);

            var (start, end) = plan.Bounds(Key(plan, instant));

            var what = $"seed {seed}: {zone} {window} {instant} in {from:O} to {to:O}";
            start.ToUnixTimeMilliseconds().ShouldBeLessThanOrEqualTo(instant, what);
            end.ToUnixTimeMilliseconds().ShouldBeGreaterThan(instant, what);
            (end - start).TotalMilliseconds.ShouldBeLessThanOrEqualTo(plan.Step, what);
            plan.Bounds(Key(plan, end.ToUnixTimeMilliseconds() - 1)).ShouldBe((start, end), what);
            if (end.ToUnixTimeMilliseconds() < query.ToMilliseconds)
            {
                plan.Bounds(Key(plan, end.ToUnixTimeMilliseconds())).From.ShouldBe(end, what);
            }
        }
    }

    [Theory]
    [InlineData("minute", "from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z")]
    [InlineData("day", "from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z")]
    public void Too_many_windows_are_refused(string window, string range)
    {
        var query = UsageCase.Parse($"metric=m&{range}&window={window}").For(UsageCase.Count());
        Should.Throw<ApiException>(() => WindowPlan.Of(query, Options)).Code.ShouldBe(ErrorCode.AnswerTooLarge);
    }

    [Theory]
    [InlineData("Europe/Nowhere")]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../../etc/passwd")]
    [InlineData("/usr/share/zoneinfo/UTC")]
    [InlineData("Europe")]
    [InlineData("tzdata.zi")]
    [InlineData("leapseconds")]
    [InlineData("right/Europe/Berlin")]
    [InlineData("localtime")]
    [InlineData("W. Europe Standard Time")]
    [InlineData("UTC+1")]
    [InlineData("Europe/Berlin\0")]
    public void What_is_no_zone_is_not_found(string name) => TimeZones.TryFind(name, out _).ShouldBeFalse();

    /// <summary>The formula that both compilers use.</summary>
    private static long Key(WindowSteps plan, long instant)
    {
        var span = plan.Spans.Last(s => s.Start <= instant);
        var lift = span.Offset + WindowSteps.Lift;
        var cell = ((instant + lift) / plan.Step * plan.Step) - lift;
        return plan.Spans.Count == 1 ? cell : Math.Max(cell, span.Start);
    }
}

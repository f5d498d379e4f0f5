using Bxb.Analytics.Queries;
using Bxb.Analytics.Queries.ClickHouseStore;
using Bxb.Analytics.Queries.Windows;
using static Bxb.Analytics.Tests.Cases.UsageCase;

namespace Bxb.Analytics.Tests.Cases;

public sealed class CountProjectionTests
{
    private static readonly string[] Projected =
    [
        January, January + "&window=day", January + "&group_by=external_customer_id", January + "&window=day&group_by=external_customer_id&external_customer_id=c1", January + "&external_customer_id=c1&external_customer_id=c2",
        "from=2026-01-01T01:00:00Z&to=2026-01-09T05:00:00Z", "from=2026-01-01T01:00:00Z&to=2026-01-09T05:00:00Z&window=hour", "from=2026-01-01T01:00:00Z&to=2026-01-09T05:00:00Z&window=day",
        "from=2026-01-01T00:00:00Z&to=2026-01-09T00:00:00Z&window=hour", "from=2026-01-01T00:00:00Z&to=2026-01-09T00:00:00Z&window=hour&timezone=Europe/Berlin", "from=1900-01-01T00:00:00Z&to=9999-01-01T00:00:00Z",
    ];

    private static readonly string[] Plain =
    [
        "from=2026-01-01T00:30:00Z&to=2026-01-09T00:00:00Z", January + "&window=minute", January + "&window=hour&timezone=Asia/Kathmandu", January + "&window=day&timezone=Europe/Berlin", January + "&filter[k]=1", January + "&group_by=k",
        "from=2026-01-01T01:00:00Z&to=2026-01-09T05:00:00Z&group_by=external_customer_id", January + "&window=hour&external_customer_id=c1",
    ];

    [Fact]
    public async Task Counts_from_the_projections_are_those_from_the_events()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var stores = await UsageStores.StartAsync();
        var first = new DateTimeOffset(2025, 12, 31, 0, 0, 0, TimeSpan.Zero);
        await stores.Log.AppendAsync(1, Enumerable.Range(0, 3000).Select(_ => new CaseEvent("c" + random.Next(3), $"{first.AddMinutes(random.Next(34 * 96) * 15):yyyy-MM-ddTHH:mm:ssZ}")));
        await stores.LoadAsync(batch: 700);
        foreach (var text in Projected)
        {
            var query = Parse("metric=m&" + text).For(Count());
            var windows = WindowPlan.Of(query, UsageStores.Options);
            var projected = CountProjection.TryCompile(query, windows, 10_000).ShouldNotBeNull(text);
            // With this setting the engine refuses a query that no projection answers.
            projected.Set("force_optimize_projection", 1);

            var counts = await stores.ClickHouse.RunAsync(projected, new UsageRowCollector(query, windows, UsageStores.Options), CancellationToken.None);
            var plain = await stores.ClickHouse.RunAsync(ClickHouseCompiler.Compile(query, windows, 10_000), new UsageRowCollector(query, windows, UsageStores.Options), CancellationToken.None);

            counts.Finish().Select(r => Line(query, r)).ShouldBe(plain.Finish().Select(r => Line(query, r)), ignoreOrder: false, $"seed {seed}: {text}");
            counts.Finish().Sum(r => r.Events).ShouldBeGreaterThan(0, text);
        }
    }

    [Fact]
    public void What_no_projection_holds_is_counted_from_the_events()
    {
        foreach (var text in Plain)
        {
            var query = Parse("metric=m&" + text).For(Count());
            CountProjection.TryCompile(query, WindowPlan.Of(query, UsageStores.Options), 10_000).ShouldBeNull(text);
        }

        var sum = Parse("metric=m&" + January).For(Sum("v"));
        CountProjection.TryCompile(sum, WindowPlan.Of(sum, UsageStores.Options), 10_000).ShouldBeNull();
    }
}

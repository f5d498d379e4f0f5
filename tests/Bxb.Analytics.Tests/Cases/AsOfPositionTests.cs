using Bxb.Analytics.Queries;
using Bxb.Analytics.Queries.PostgresStore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Bxb.Analytics.Tests.Cases.UsageCase;

namespace Bxb.Analytics.Tests.Cases;

public sealed class AsOfPositionTests
{
    [Fact]
    public async Task PostgreSQL_counts_no_event_beyond_the_position()
    {
        await using var log = await TestLog.StartAsync();
        await log.AppendAsync(1, Enumerable.Range(1, 5).Select(i => new CaseEvent("a", "2026-01-01T00:00:00Z", $$"""{"v": {{i}}}""")));
        using var records = await log.ReadAllAsync();
        var runner = new PostgresRunner(log.Services.GetRequiredService<NpgsqlDataSource>(), new UsageQueryOptions());
        foreach (var metric in new[] { Count(), Sum("v") })
        {
            var query = Parse("metric=m&" + January).For(metric with { OrganizationId = 1 });
            for (var i = 0; i < records.Count; i++)
            {
                (await runner.RunAsync(query, records[i].Position, CancellationToken.None)).Finish()[0].Events.ShouldBe(i + 1);
            }

            (await runner.RunAsync(query, records[0].Position - 1, CancellationToken.None)).Finish()[0].Events.ShouldBe(0);
        }
    }
}

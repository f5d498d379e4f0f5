using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests;

[Collection(SharedHostCollection.Name)]
public sealed class ConcurrencyTests(SharedHost shared)
{
    [Fact]
    public async Task A_thousand_parallel_posts_of_one_event_record_it_once()
    {
        await shared.Client.MetricAsync("once", "once", "sum", "n");
        const string json = """{"transaction_id": "once-1", "external_customer_id": "c", "code": "once", "timestamp": "2026-01-01T00:00:00Z", "properties": {"n": 7}}""";
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => shared.Client.SendAsync(HttpMethod.Post, "/v1/events", json)));

        answers.Count(a => a.Status == 201).ShouldBe(1);
        answers.Count(a => a.Status == 200).ShouldBe(999);
        var positions = answers.Select(a => a.Body.Position()).Distinct().ToList();
        positions.Count.ShouldBe(1);
        (await shared.Client.TotalAsync("once", "clickhouse", positions[0])).ShouldBe("7");
        (await shared.Client.TotalAsync("once", "postgresql", positions[0])).ShouldBe("7");
    }

    [Fact]
    public async Task The_same_batch_twice_changes_nothing_and_other_content_is_counted_and_readable()
    {
        await shared.Client.MetricAsync("twice", "twice", "sum", "n");
        var batch = Batch(n => n);
        var first = await shared.Client.PostJsonAsync("/v1/events/batch", batch);
        first["ingested"]!.GetValue<int>().ShouldBe(500);
        var second = await shared.Client.PostJsonAsync("/v1/events/batch", batch);
        second["ingested"]!.GetValue<int>().ShouldBe(0);
        second["duplicates"]!.GetValue<int>().ShouldBe(500);
        var other = await shared.Client.PostJsonAsync("/v1/events/batch", Batch(n => n + 1));
        other["conflicts"]!.GetValue<int>().ShouldBe(500);
        other["conflict_ids"]!.AsArray().Count.ShouldBe(100);

        foreach (var store in new[] { "clickhouse", "postgresql" })
        {
            (await shared.Client.TotalAsync("twice", store, first.Position())).ShouldBe("124750");
        }

        var conflicts = await shared.Client.GetJsonAsync("/v1/conflicts?limit=1000");
        conflicts["conflicts"]!.AsArray().Count(c => c!["sent"]!["code"]!.GetValue<string>() == "twice").ShouldBe(500);
        (await shared.Client.SendAsync(HttpMethod.Post, "/v1/events", """{"transaction_id": "twice-3", "external_customer_id": "c", "code": "twice", "properties": {"n": 99}}"""))
            .Status.ShouldBe(409);
    }

    private static string Batch(Func<int, int> value) => new JsonObject
    {
        ["events"] = new JsonArray([.. Enumerable.Range(0, 500).Select(n => new JsonObject
        {
            ["transaction_id"] = $"twice-{n}", ["external_customer_id"] = "c", ["code"] = "twice", ["properties"] = new JsonObject { ["n"] = value(n) },
        })]),
    }.ToJsonString();
}

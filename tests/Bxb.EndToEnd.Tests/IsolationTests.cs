using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests;

[Collection(SharedHostCollection.Name)]
public sealed class IsolationTests(SharedHost shared)
{
    [Fact]
    public async Task A_second_organization_sees_nothing_of_the_first_through_any_call_cursor_id_or_position()
    {
        var first = await shared.OrganizationAsync("isolation-first");
        var second = await shared.OrganizationAsync("isolation-second");
        var client = shared.Client;
        for (var i = 0; i < 3; i++)
        {
            var (posted, _) = await client.SendAsync(HttpMethod.Post, "/v1/events", $$$"""{"transaction_id": "iso-{{{i}}}", "external_customer_id": "c", "code": "iso", "properties": {"n": 1}}""", first);
            posted.ShouldBe(201);
        }

        var (conflict, _) = await client.SendAsync(HttpMethod.Post, "/v1/events", """{"transaction_id": "iso-0", "external_customer_id": "c", "code": "iso", "properties": {"n": 2}}""", first);
        conflict.ShouldBe(409);
        var metric = """{"code": "iso", "name": "iso", "aggregation_type": "sum", "field_name": "n"}""";
        (await client.SendAsync(HttpMethod.Post, "/v1/billable_metrics", metric, first)).Status.ShouldBe(201);
        var page = (await client.SendAsync(HttpMethod.Get, "/v1/events?limit=1", key: first)).Body;
        var cursor = Uri.EscapeDataString(page["next_cursor"]!.GetValue<string>());
        var position = page["events"]![0]!["position"]!.GetValue<long>();

        (await client.SendAsync(HttpMethod.Get, "/v1/events", key: second)).Body["events"]!.AsArray().ShouldBeEmpty();
        (await client.SendAsync(HttpMethod.Get, $"/v1/events?cursor={cursor}", key: second)).Status.ShouldBe(400);
        (await client.SendAsync(HttpMethod.Get, "/v1/events/iso-0", key: second)).Status.ShouldBe(404);
        (await client.SendAsync(HttpMethod.Get, "/v1/conflicts", key: second)).Body["conflicts"]!.AsArray().ShouldBeEmpty();
        (await client.SendAsync(HttpMethod.Get, "/v1/billable_metrics", key: second)).Body["billable_metrics"]!.AsArray().ShouldBeEmpty();
        (await client.SendAsync(HttpMethod.Get, "/v1/billable_metrics/iso", key: second)).Status.ShouldBe(404);
        (await client.SendAsync(HttpMethod.Delete, "/v1/billable_metrics/iso", key: second)).Status.ShouldBe(404);
        (await client.SendAsync(HttpMethod.Get, "/v1/dead_letters", key: second)).Body["dead_letters"]!.AsArray().ShouldBeEmpty();
        (await client.SendAsync(HttpMethod.Post, "/v1/billable_metrics", metric, second)).Status.ShouldBe(201);
        foreach (var store in new[] { "clickhouse", "postgresql" })
        {
            var query = $"/v1/usage?metric=iso&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&min_position={position}&store={store}";
            (await client.SendAsync(HttpMethod.Get, query, key: second)).Body["rows"]![0]!["value"]!.GetValue<string>().ShouldBe("0");
            (await client.SendAsync(HttpMethod.Get, query, key: first)).Body["rows"]![0]!["value"]!.GetValue<string>().ShouldBe("3");
        }

        // The same identity belongs to each of them on its own.
        var (own, body) = await client.SendAsync(HttpMethod.Post, "/v1/events", """{"transaction_id": "iso-0", "external_customer_id": "other", "code": "iso"}""", second);
        own.ShouldBe(201, body.ToJsonString());
    }

    [Fact]
    public async Task A_key_without_the_scope_is_refused_and_the_admin_calls_take_no_key()
    {
        var client = shared.Client;
        (await client.SendAsync(HttpMethod.Get, "/v1/organizations")).Status.ShouldBe(403);
        (await client.SendAsync(HttpMethod.Get, "/v1/events", key: "bxb_no-such-key")).Status.ShouldBe(401);
        (await client.SendAsync(HttpMethod.Get, "/v1/pipeline", key: SharedHost.AdminToken)).Status.ShouldBe(200);
    }
}

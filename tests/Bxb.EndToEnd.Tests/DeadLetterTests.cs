using Bxb.ClickHouse;
using Bxb.Embedded;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;
using Npgsql;

namespace Bxb.EndToEnd.Tests;

[Collection(SharedHostCollection.Name)]
public sealed class DeadLetterTests(SharedHost shared)
{
    [Fact]
    public async Task A_dead_letter_is_listed_to_its_organization_only_and_requeued_into_the_store()
    {
        var key = await shared.OrganizationAsync("dead-letters");
        var (_, posted) = await shared.Client.SendAsync(HttpMethod.Post, "/v1/events", """{"transaction_id": "dead-1", "external_customer_id": "c", "code": "dead", "properties": {"n": 5}}""", key);
        await shared.Client.SendAsync(HttpMethod.Post, "/v1/billable_metrics", """{"code": "dead", "name": "dead", "aggregation_type": "sum", "field_name": "n"}""", key);
        (await TotalAsync(key, posted.Position())).ShouldBe("5");
        var id = await LoseAsync(posted.Position());
        (await TotalAsync(key, posted.Position())).ShouldBe("0");

        var listed = (await shared.Client.SendAsync(HttpMethod.Get, "/v1/dead_letters?group=analytics&code=dead", key: key)).Body["dead_letters"]!.AsArray();
        listed.Count.ShouldBe(1);
        listed[0]!["reason"]!.GetValue<string>().ShouldBe("made by a test");
        listed[0]!["record"]!["transaction_id"]!.GetValue<string>().ShouldBe("dead-1");
        listed[0]!.ToJsonString().ShouldNotContain("inside of the host");
        (await shared.Client.SendAsync(HttpMethod.Post, $"/v1/dead_letters/{id}/requeue")).Status.ShouldBe(404);
        (await shared.Client.SendAsync(HttpMethod.Post, "/v1/dead_letters/nonsense/requeue", key: key)).Status.ShouldBe(404);

        (await shared.Client.SendAsync(HttpMethod.Post, $"/v1/dead_letters/{id}/requeue", key: key)).Status.ShouldBe(200);
        await Eventually.HoldsAsync(async () => await TotalAsync(key, posted.Position()) == "5");
        await Eventually.HoldsAsync(async () => (await shared.Client.SendAsync(HttpMethod.Get, "/v1/dead_letters", key: key)).Body["dead_letters"]!.AsArray().Count == 0);
    }

    [Fact]
    public async Task A_dead_letter_is_given_up_for_a_reason_only()
    {
        var key = await shared.OrganizationAsync("dead-letters-discarded");
        var (_, posted) = await shared.Client.SendAsync(HttpMethod.Post, "/v1/events", """{"transaction_id": "dead-2", "external_customer_id": "c", "code": "dead"}""", key);
        await shared.Client.SendAsync(HttpMethod.Post, "/v1/billable_metrics", """{"code": "dead", "name": "dead", "aggregation_type": "count"}""", key);
        (await TotalAsync(key, posted.Position())).ShouldBe("1");
        var id = await LoseAsync(posted.Position());

        (await shared.Client.SendAsync(HttpMethod.Post, $"/v1/dead_letters/{id}/discard", "{}", key)).Status.ShouldBe(422);
        var (status, letter) = await shared.Client.SendAsync(HttpMethod.Post, $"/v1/dead_letters/{id}/discard", """{"reason": "a test event"}""", key);
        status.ShouldBe(200, letter.ToJsonString());
        letter["state"]!.GetValue<string>().ShouldBe("discarded");
        letter["note"]!.GetValue<string>().ShouldBe("a test event");
    }

    [Fact]
    public async Task Many_are_requeued_at_once_and_nobody_elses()
    {
        var (key, other) = (await shared.OrganizationAsync("dead-letters-many"), await shared.OrganizationAsync("dead-letters-others"));
        var last = 0L;
        foreach (var (owner, id) in new[] { (key, "many-1"), (key, "many-2"), (key, "many-3"), (other, "other-1") })
        {
            var (_, posted) = await shared.Client.SendAsync(
                HttpMethod.Post, "/v1/events", $$$"""{"transaction_id": "{{{id}}}", "external_customer_id": "c", "code": "dead", "properties": {"n": 5}}""", owner);
            last = posted.Position();
            await shared.Client.SendAsync(HttpMethod.Post, "/v1/billable_metrics", """{"code": "dead", "name": "dead", "aggregation_type": "sum", "field_name": "n"}""", owner);
            (await TotalAsync(owner, last)).ShouldNotBeNull();
            await LoseAsync(last);
        }

        (await TotalAsync(key, last)).ShouldBe("0");
        var listed = (await shared.Client.SendAsync(HttpMethod.Get, "/v1/dead_letters?code=dead", key: key)).Body["dead_letters"]!.AsArray();
        listed[0]!["topic"].ShouldBeNull();
        (await RequeueAsync(key, "{}")).Status.ShouldBe(422);
        (await RequeueAsync(key, """{"group": "analytics", "code": "alive"}""")).Body["requeued"]!.GetValue<int>().ShouldBe(0);
        (await RequeueAsync(key, $$"""{"group": "analytics", "ids": [{{listed[0]!["id"]}}]}""")).Body["requeued"]!.GetValue<int>().ShouldBe(1);
        await Eventually.HoldsAsync(async () => await TotalAsync(key, last) == "5");
        (await RequeueAsync(key, """{"group": "analytics", "code": "dead", "since": "2020-01-01T00:00:00Z"}""")).Body["requeued"]!.GetValue<int>().ShouldBe(2);
        await Eventually.HoldsAsync(async () => await TotalAsync(key, last) == "15");
        (await TotalAsync(other, last)).ShouldBe("0");
        (await RequeueAsync(other, """{"group": "analytics"}""")).Body["requeued"]!.GetValue<int>().ShouldBe(1);
        await Eventually.HoldsAsync(async () => await TotalAsync(other, last) == "5");
    }

    [Fact]
    public async Task What_is_no_event_of_the_log_is_not_requeued()
    {
        await using var source = NpgsqlDataSource.Create(await EmbeddedPostgres.ConnectionStringOfAsync(shared.Host.DataDirectory, CancellationToken.None));
        await using var command = source.CreateCommand(
            """
            insert into event_log.dead_letters (group_name, position, organization_id, code, record, reason, exception, topic, partition, record_offset)
            values ('analytics', 0, 0, '', '{}', 'not JSON', 'not JSON', 'bxb.events', 3, 42) returning id
            """);
        var id = (long)(await command.ExecuteScalarAsync())!;
        var (status, problem) = await shared.Client.SendAsync(HttpMethod.Post, $"/v1/dead_letters/{id}/requeue", key: SharedHost.AdminToken);
        status.ShouldBe(409, problem.ToJsonString());
        problem["code"]!.GetValue<string>().ShouldBe("nothing_to_deliver");
        var letter = (await shared.Client.SendAsync(HttpMethod.Get, "/v1/dead_letters?limit=1000", key: SharedHost.AdminToken)).Body["dead_letters"]!.AsArray().Single(l => l!["id"]!.GetValue<long>() == id)!;
        (letter["topic"]!.GetValue<string>(), letter["partition"]!.GetValue<int>(), letter["offset"]!.GetValue<long>(), letter["state"]!.GetValue<string>()).ShouldBe(("bxb.events", 3, 42, "pending"));
        (await shared.Client.SendAsync(HttpMethod.Post, $"/v1/dead_letters/{id}/discard", """{"reason": "not ours"}""", SharedHost.AdminToken)).Status.ShouldBe(200);
    }

    private Task<(int Status, System.Text.Json.Nodes.JsonNode Body)> RequeueAsync(string key, string body) =>
        shared.Client.SendAsync(HttpMethod.Post, "/v1/dead_letters/requeue", body, key);

    /// <summary>Does to an event what a handler that fails does: it is missing in the store and stands among the dead letters.</summary>
    private async Task<long> LoseAsync(long position)
    {
        using var client = new ClickHouseClient(new ClickHouseOptions { Url = await EmbeddedClickHouse.UrlOfAsync(shared.Host.DataDirectory, CancellationToken.None) });
        await client.ExecuteAsync(new ClickHouseStatement("ALTER TABLE usage DELETE WHERE position = {position:UInt64} SETTINGS mutations_sync = 1").With("position", position));
        await using var source = NpgsqlDataSource.Create(await EmbeddedPostgres.ConnectionStringOfAsync(shared.Host.DataDirectory, CancellationToken.None));
        await using var command = source.CreateCommand(
            """
            insert into event_log.dead_letters (group_name, position, organization_id, code, record, reason, exception)
            select 'analytics', position, organization_id, code, jsonb_build_object('transaction_id', transaction_id), 'made by a test', 'inside of the host'
            from event_log.events where position = $1 returning id
            """);
        command.Parameters.Add(new() { Value = position });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task<string?> TotalAsync(string key, long position)
    {
        var (status, answer) = await shared.Client.SendAsync(
            HttpMethod.Get, $"/v1/usage?metric=dead&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&store=clickhouse&min_position={position}&timeout=30", key: key);
        status.ShouldBe(200, answer.ToJsonString());
        return answer["rows"]![0]!["value"]?.GetValue<string>();
    }
}

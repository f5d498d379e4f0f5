using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests;

[Collection(SharedHostCollection.Name)]
public sealed class ContractTests(SharedHost shared)
{
    [Fact]
    public async Task The_api_document_names_every_call_with_its_answers_and_errors()
    {
        var document = await shared.Client.GetJsonAsync("/openapi/v1.json");
        string[] calls =
        [
            "post /v1/events", "get /v1/events", "post /v1/events/batch", "get /v1/events/{transaction_id}", "get /v1/conflicts",
            "post /v1/billable_metrics", "get /v1/billable_metrics", "get /v1/billable_metrics/{code}", "put /v1/billable_metrics/{code}", "delete /v1/billable_metrics/{code}",
            "get /v1/usage", "post /v1/usage/query", "post /v1/organizations", "get /v1/organizations", "post /v1/organizations/{id}/api_keys",
            "get /v1/organizations/{id}/api_keys", "delete /v1/organizations/{id}/api_keys/{key_id}", "get /v1/pipeline", "get /v1/dead_letters",
            "post /v1/dead_letters/{id}/requeue", "post /v1/dead_letters/{id}/discard", "post /v1/dead_letters/requeue", "post /v1/pipeline/groups/{group}/replay",
            "get /v1/pipeline/groups/{group}/replays", "get /v1/pipeline/groups/{group}/replays/{id}", "delete /v1/pipeline/groups/{group}/replays/{id}",
        ];
        var paths = document["paths"]!.AsObject();
        var found = paths.SelectMany(p => p.Value!.AsObject().Select(o => $"{o.Key} {p.Key}")).ToList();
        foreach (var call in calls)
        {
            found.ShouldContain(call);
        }

        foreach (var (path, operations) in paths)
        {
            foreach (var (method, operation) in operations!.AsObject())
            {
                var answers = operation!["responses"]!.AsObject().Select(r => r.Key).ToList();
                if (path.StartsWith("/v1/", StringComparison.Ordinal))
                {
                    answers.ShouldContain(a => a.StartsWith('2'), $"{method} {path}");
                    answers.ShouldContain("401", $"{method} {path}");
                    operation["security"].ShouldNotBeNull($"{method} {path}");
                    operation["summary"].ShouldNotBeNull($"{method} {path}");
                }
            }
        }
    }

    [Theory]
    [InlineData("GET", "/v1/nothing", null, 404, "not_found")]
    [InlineData("PATCH", "/v1/events", "{}", 405, "method_not_allowed")]
    [InlineData("POST", "/v1/events", "{", 400, "invalid_json")]
    [InlineData("POST", "/v1/events", "{}", 422, "validation_failed")]
    [InlineData("POST", "/v1/events", """{"code": "a", "code": "b"}""", 400, "duplicate_member")]
    [InlineData("GET", "/v1/events?limit=0", null, 400, "invalid_parameter")]
    [InlineData("GET", "/v1/events?cursor=nonsense", null, 400, "invalid_parameter")]
    [InlineData("GET", "/v1/usage?metric=none&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", null, 404, "not_found")]
    [InlineData("GET", "/v1/usage", null, 400, "invalid_parameter")]
    [InlineData("POST", "/v1/billable_metrics", """{"code": "x", "name": "x", "aggregation_type": "median"}""", 422, "validation_failed")]
    public async Task Every_error_is_a_problem_document(string method, string path, string? body, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        }

        using var answer = await shared.Client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        ((int)answer.StatusCode).ShouldBe(status, text);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = JsonNode.Parse(text)!;
        problem["code"]!.GetValue<string>().ShouldBe(code);
        problem["status"]!.GetValue<int>().ShouldBe(status);
        if (status == 405)
        {
            answer.Content.Headers.Allow.ShouldContain("POST");
        }
    }

    [Fact]
    public async Task Operation_needs_no_key_and_tells_no_customers_data()
    {
        await shared.Client.PostJsonAsync("/v1/events", """{"transaction_id": "secret-transaction", "external_customer_id": "secret-customer", "code": "op"}""");
        using var anonymous = new HttpClient(new SocketsHttpHandler()) { BaseAddress = shared.Host.Url };
        foreach (var path in new[] { "/", "/health/live", "/health/ready", "/metrics", "/openapi/v1.json" })
        {
            using var answer = await anonymous.GetAsync(path);
            ((int)answer.StatusCode).ShouldBe(200, path);
            (await answer.Content.ReadAsStringAsync()).ShouldNotContain("secret-");
        }

        var metrics = await anonymous.GetStringAsync("/metrics");
        metrics.ShouldContain("bxb_eventlog");
        metrics.ShouldMatch("bxb_riders_lag_events{[^}]*group=\"analytics\",partition=\"0\"} ");
        metrics.ShouldMatch("bxb_riders_lag_seconds{[^}]*group=\"analytics\",partition=\"0\"} ");
    }

    [Fact]
    public async Task The_pipeline_shows_the_log_the_groups_and_the_stores()
    {
        var posted = await shared.Client.PostJsonAsync("/v1/events", """{"transaction_id": "pipeline-1", "external_customer_id": "c", "code": "pipeline"}""");
        await shared.Client.MetricAsync("pipeline", "pipeline", "count");
        (await shared.Client.TotalAsync("pipeline", "clickhouse", posted.Position())).ShouldBe("1");
        var pipeline = await shared.Client.GetJsonAsync("/v1/pipeline");
        pipeline["transport"]!.GetValue<string>().ShouldBe("postgresql");
        pipeline["log"]!["head"]!.GetValue<long>().ShouldBeGreaterThanOrEqualTo(posted.Position());
        pipeline["log"]!["settled"]!.GetValue<long>().ShouldBeGreaterThanOrEqualTo(posted.Position());
        var group = pipeline["groups"]!.AsArray().Single(g => g!["group"]!.GetValue<string>() == "analytics")!;
        group["position"]!.GetValue<long>().ShouldBeGreaterThanOrEqualTo(posted.Position());
        new[] { "running", "idle" }.ShouldContain(group["state"]!.GetValue<string>());
        group["partitions"].ShouldBeNull();
        pipeline["relay"].ShouldBeNull();
        pipeline["replays"]!.AsArray().ShouldBeEmpty();
        pipeline["stores"]!["clickhouse"]!["available"]!.GetValue<bool>().ShouldBeTrue();
        pipeline["stores"]!["postgresql"]!["available"]!.GetValue<bool>().ShouldBeTrue();
    }
}

using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests.Contract;

/// <summary>Good calls of every kind, whose answers have exactly the members that their description gives them.</summary>
[Collection(SharedHostCollection.Name)]
public sealed class AnswerShapeTests(SharedHost shared)
{
    private readonly List<string> _faults = [];
    private OpenApi _api = null!;

    [Fact]
    public async Task Answers_are_as_the_document_describes_them()
    {
        _api = new OpenApi(await shared.Client.GetJsonAsync("/openapi/v1.json"));
        var key = await shared.OrganizationAsync("answer-shapes");
        const string Event = """{"transaction_id": "shape-1", "external_customer_id": "c", "code": "shape", "timestamp": "2026-01-05T00:00:00.125Z", "properties": {"n": 1.50, "deep": {"a": [1, null]}}}""";
        await SendAsync("POST", "/v1/events", 201, Event, key);
        await SendAsync("POST", "/v1/events", 200, Event, key);
        var conflict = await SendAsync("POST", "/v1/events", 409, Event.Replace("1.50", "2", StringComparison.Ordinal), key);
        conflict["recorded"]!["transaction_id"]!.GetValue<string>().ShouldBe("shape-1");
        await SendAsync("POST", "/v1/events/batch?partial=true", 201, $$"""{"events": [{{Event}}, {{Event.Replace("1.50", "3", StringComparison.Ordinal)}}, {}, {{Event.Replace("shape-1", "shape-2", StringComparison.Ordinal)}}]}""", key);
        await SendAsync("POST", "/v1/events/batch", 422, """{"events": [{}]}""", key);
        await SendAsync("GET", "/v1/events/shape-1", 200, null, key);
        var page = await SendAsync("GET", "/v1/events?limit=1", 200, null, key);
        page["next_cursor"].ShouldNotBeNull();
        await SendAsync("GET", "/v1/conflicts?limit=1", 200, null, key);

        foreach (var metric in new[]
        {
            """{"code": "shape", "aggregation_type": "count"}""",
            """{"code": "shape_sum", "name": "n", "event_code": "shape", "aggregation_type": "sum", "field_name": "n", "filters": [{"key": "n", "values": ["1.5"]}], "group_keys": ["n"], "rounding_function": "ceil", "rounding_precision": 1, "description": "d"}""",
            """{"code": "shape_max", "event_code": "nothing", "aggregation_type": "max", "field_name": "n"}""",
        })
        {
            await SendAsync("POST", "/v1/billable_metrics", 201, metric, key);
        }

        await SendAsync("POST", "/v1/billable_metrics", 409, """{"code": "shape", "aggregation_type": "count"}""", key);
        await SendAsync("PUT", "/v1/billable_metrics/shape", 200, """{"aggregation_type": "count", "name": "other"}""", key);
        await SendAsync("GET", "/v1/billable_metrics/shape", 200, null, key);
        await SendAsync("GET", "/v1/billable_metrics?limit=1", 200, null, key);
        var position = page["events"]![0]!["position"]!.GetValue<long>();
        foreach (var store in new[] { "clickhouse", "postgresql" })
        {
            foreach (var query in new[] { "metric=shape", "metric=shape_max", "metric=shape_sum&group_by=missing,external_customer_id&window=day" })
            {
                await SendAsync("GET", $"/v1/usage?{query}&from=2026-01-01&to=2026-02-01&store={store}&min_position={position}&timeout=30", 200, null, key);
            }
        }

        await SendAsync("POST", "/v1/usage/query", 200, """{"metric": "shape", "from": "2026-01-01", "to": "2026-01-01"}""", key);
        await SendAsync("DELETE", "/v1/billable_metrics/shape", 204, null, key);

        var organization = (await SendAsync("POST", "/v1/organizations", 201, """{"name": "answer-shapes-2"}""", SharedHost.AdminToken))["id"]!.GetValue<int>();
        await SendAsync("GET", "/v1/organizations?limit=1", 200, null, SharedHost.AdminToken);
        var made = await SendAsync("POST", $"/v1/organizations/{organization}/api_keys", 201, """{"name": "n", "scopes": ["read"]}""", SharedHost.AdminToken);
        await SendAsync("POST", $"/v1/organizations/{organization}/api_keys", 201, null, SharedHost.AdminToken);
        await SendAsync("GET", $"/v1/organizations/{organization}/api_keys?limit=1", 200, null, SharedHost.AdminToken);
        await SendAsync("GET", "/v1/usage?metric=a&from=0&to=0", 404, null, made["key"]!.GetValue<string>());
        await SendAsync("POST", "/v1/events", 403, Event, made["key"]!.GetValue<string>());
        await SendAsync("DELETE", $"/v1/organizations/{organization}/api_keys/{made["id"]}", 204, null, SharedHost.AdminToken);
        await SendAsync("GET", "/v1/events", 401, null, "nonsense");

        await SendAsync("GET", "/v1/pipeline", 200, null, SharedHost.AdminToken);
        await SendAsync("GET", "/v1/dead_letters", 200, null, SharedHost.AdminToken);
        await SendAsync("GET", "/v1/pipeline/groups/analytics/replays", 200, null, SharedHost.AdminToken);
        await SendAsync("POST", "/v1/dead_letters/requeue", 200, """{"group": "analytics", "since": "2020-01-01"}""", SharedHost.AdminToken);
        _faults.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"organizations": [{"id": 1, "name": "n"}]}""", true)]
    [InlineData("""{"organizations": [{"id": "1", "name": "n"}]}""", false)]
    [InlineData("""{"organizations": [{"id": 1}]}""", false)]
    [InlineData("""{"organizations": [], "further": 1}""", false)]
    [InlineData("""{}""", false)]
    public async Task An_answer_that_differs_from_its_description_is_found(string answer, bool isDescribed)
    {
        _api = new OpenApi(await shared.Client.GetJsonAsync("/openapi/v1.json"));
        _api.Faults(_api.Find("GET", "/v1/organizations")!, 200, "application/json", answer).Any().ShouldBe(!isDescribed);
    }

    private async Task<JsonNode> SendAsync(string method, string path, int expected, string? json, string key)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await shared.Client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        ((int)answer.StatusCode).ShouldBe(expected, $"{method} {path} {text}");
        _faults.AddRange(_api.Faults(_api.Find(method, path)!, expected, answer.Content.Headers.ContentType?.MediaType, text).Select(f => $"{method} {path} {expected}: {f} in {text}"));
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }
}

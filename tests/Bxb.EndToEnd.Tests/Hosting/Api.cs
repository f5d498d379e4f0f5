using System.Text;
using System.Text.Json.Nodes;

namespace Bxb.EndToEnd.Tests.Hosting;

/// <summary>The calls that tests make often, in the contract's own words.</summary>
internal static class Api
{
    public static async Task<(int Status, JsonNode Body)> SendAsync(this HttpClient client, HttpMethod method, string path, string? json = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!);
    }

    public static async Task<JsonNode> PostJsonAsync(this HttpClient client, string path, string json, int expected = 201)
    {
        var (status, body) = await client.SendAsync(HttpMethod.Post, path, json);
        status.ShouldBe(expected, body.ToJsonString());
        return body;
    }

    public static async Task<JsonNode> GetJsonAsync(this HttpClient client, string path, int expected = 200)
    {
        var (status, body) = await client.SendAsync(HttpMethod.Get, path);
        status.ShouldBe(expected, body.ToJsonString());
        return body;
    }

    public static Task<JsonNode> MetricAsync(this HttpClient client, string code, string eventCode, string aggregation, string? field = null)
        => client.PostJsonAsync("/v1/billable_metrics", new JsonObject
        {
            ["code"] = code, ["name"] = code, ["event_code"] = eventCode, ["aggregation_type"] = aggregation, ["field_name"] = field,
        }.ToJsonString());

    /// <summary>The value of a total over all time.</summary>
    public static async Task<string?> TotalAsync(this HttpClient client, string metric, string store, long minPosition, string more = "")
    {
        var answer = await client.GetJsonAsync($"/v1/usage?metric={metric}&from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&store={store}&min_position={minPosition}&timeout=30{more}");
        answer["store"]!.GetValue<string>().ShouldBe(store);
        return answer["rows"]!.AsArray().Single()!["value"]?.GetValue<string>();
    }

    public static long Position(this JsonNode answer) => answer["position"]!.GetValue<long>();
}

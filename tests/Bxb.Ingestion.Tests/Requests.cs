using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bxb.Ingestion.Tests;

/// <summary>Sends what the tests say in short words.</summary>
internal static class Requests
{
    public static string Event(string id, string properties = "{}", string customer = "c-1", string code = "api_calls", string? timestamp = "\"2026-01-01T00:00:00Z\"")
        => $$"""{"transaction_id":{{JsonSerializer.Serialize(id)}},"external_customer_id":{{JsonSerializer.Serialize(customer)}},"code":{{JsonSerializer.Serialize(code)}}{{(timestamp is null ? "" : ",\"timestamp\":" + timestamp)}},"properties":{{properties}}}""";

    public static string Batch(params IEnumerable<string> events) => "{\"events\":[" + string.Join(',', events) + "]}";

    public static Task<Answer> PostEventAsync(this HttpClient caller, string body) => caller.SendAsync("/v1/events", Encoding.UTF8.GetBytes(body));

    public static Task<Answer> PostBatchAsync(this HttpClient caller, string body, bool partial = false)
        => caller.SendAsync("/v1/events/batch" + (partial ? "?partial=true" : ""), Encoding.UTF8.GetBytes(body));

    public static async Task<Answer> SendAsync(this HttpClient caller, string path, byte[] body, string? contentType = "application/json", string? encoding = null, bool chunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        if (contentType is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        if (encoding is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        request.Headers.TransferEncodingChunked = chunked;
        using var response = await caller.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    public static async Task<Answer> AskAsync(this HttpClient caller, string path)
    {
        using var response = await caller.GetAsync(new Uri(path, UriKind.Relative));
        return await Answer.OfAsync(response);
    }

    /// <summary>The number of events that the organization sees.</summary>
    public static async Task<int> CountAsync(this HttpClient caller)
    {
        var count = 0;
        string? cursor = null;
        do
        {
            var page = await caller.AskAsync("/v1/events?limit=1000" + (cursor is null ? "" : "&cursor=" + cursor));
            page.Status.ShouldBe(HttpStatusCode.OK);
            count += page.Json["events"]!.AsArray().Count;
            cursor = (string?)page.Json["next_cursor"];
        }
        while (cursor is not null);

        return count;
    }
}

/// <summary>An answer, read whole.</summary>
internal sealed record Answer(HttpStatusCode Status, JsonObject Json, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public string? Code => (string?)Json["code"];

    public string? Detail => (string?)Json["detail"];

    public long? Position => (long?)Json["position"];

    public string? PositionHeader => Headers.TryGetValues("Bxb-Position", out var values) ? values.Single() : null;

    /// <summary>The pointers of the faults, in their order.</summary>
    public IReadOnlyList<string> Pointers => Json["errors"]?.AsArray().Select(e => (string)e!["pointer"]!).ToList() ?? [];

    public static async Task<Answer> OfAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        var expected = (int)response.StatusCode >= 400 ? "application/problem+json" : "application/json";
        response.Content.Headers.ContentType?.MediaType.ShouldBe(expected, text);
        return new Answer(response.StatusCode, JsonNode.Parse(text)!.AsObject(), response.Headers, response.Content.Headers);
    }
}

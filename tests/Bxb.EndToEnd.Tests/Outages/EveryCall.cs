using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests.Outages;

/// <summary>One answer of one call.</summary>
internal sealed record CallAnswer(string Call, int Status, string? MediaType, bool HasRetryAfter, string Body, TimeSpan Took);

/// <summary>Makes every call of the API document once, all at the same time, with a valid request.</summary>
internal sealed class EveryCall
{
    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["post /v1/events"] = """{"transaction_id": "sweep-@", "external_customer_id": "c", "code": "m"}""",
        ["post /v1/events/batch"] = """{"events": [{"transaction_id": "sweep-batch-@", "external_customer_id": "c", "code": "m"}]}""",
        ["post /v1/billable_metrics"] = """{"code": "m-@", "name": "m", "aggregation_type": "count"}""",
        ["put /v1/billable_metrics/{code}"] = """{"code": "m", "name": "m@", "aggregation_type": "count"}""",
        ["post /v1/usage/query"] = """{"metric": "m", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}""",
        ["post /v1/organizations"] = """{"name": "org-@"}""",
        ["post /v1/organizations/{id}/api_keys"] = "{}",
        ["post /v1/dead_letters/{id}/discard"] = """{"reason": "none"}""",
        ["post /v1/dead_letters/requeue"] = """{"group": "analytics"}""",
        ["post /v1/pipeline/groups/{group}/replay"] = """{"from_position": 0}""",
    };

    private readonly HostProcess _host;
    private readonly List<(string Call, string Method, string Path)> _calls = [];

    private EveryCall(HostProcess host) => _host = host;

    /// <summary>Reads the API document.</summary>
    public static async Task<EveryCall> ReadAsync(HostProcess host)
    {
        var every = new EveryCall(host);
        foreach (var (path, operations) in (await host.Client.GetJsonAsync("/openapi/v1.json"))["paths"]!.AsObject())
        {
            every._calls.AddRange(operations!.AsObject().Select(o => ($"{o.Key} {path}", o.Key, path)));
        }

        every._calls.Count.ShouldBeGreaterThan(20);
        return every;
    }

    /// <summary>Makes the calls.</summary>
    public async Task<IReadOnlyList<CallAnswer>> MakeAsync() => await Task.WhenAll(_calls.Select(c => AskAsync(c.Call, c.Method, c.Path)));

    private async Task<CallAnswer> AskAsync(string call, string method, string path)
    {
        var url = path.Replace("{transaction_id}", "t-1", StringComparison.Ordinal).Replace("{code}", "m", StringComparison.Ordinal).Replace("{group}", "analytics", StringComparison.Ordinal)
            .Replace("{id}", "1", StringComparison.Ordinal).Replace("{key_id}", "999", StringComparison.Ordinal);
        url.ShouldNotContain("{", Case.Sensitive, call);
        url += path == "/v1/usage" ? "?metric=m&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z" : "";
        using var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), url);
        if (method is "post" or "put")
        {
            var body = Bodies.TryGetValue(call, out var known) ? known : "";
            request.Content = body.Length == 0 ? null : new StringContent(body.Replace("@", Guid.NewGuid().ToString("N"), StringComparison.Ordinal), Encoding.UTF8, "application/json");
        }

        // The admin token is known without the database, so these calls come to their own question.
        var isAdmins = path.StartsWith("/v1/organizations", StringComparison.Ordinal) || path.StartsWith("/v1/pipeline", StringComparison.Ordinal) || path.StartsWith("/v1/dead_letters", StringComparison.Ordinal);
        request.Headers.Authorization = new("Bearer", isAdmins ? OutageServer.AdminToken : _host.ApiKey);
        using var client = _host.ClientWith(key: null, TimeSpan.FromMinutes(2));
        var started = Stopwatch.GetTimestamp();
        using var answer = await client.SendAsync(request);
        return new CallAnswer(
            call, (int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, answer.Headers.RetryAfter is not null, await answer.Content.ReadAsStringAsync(),
            Stopwatch.GetElapsedTime(started));
    }
}

using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;
using Xunit.Abstractions;

namespace Bxb.EndToEnd.Tests.Contract;

/// <summary>
/// Bad values in every place that the description of the API names: no answer is a 5xx, comes late or tells nothing, and every one is as described. A call that is added has to be
/// given a sample body, and is tested with it.
/// </summary>
[Collection(SharedHostCollection.Name)]
public sealed class HostileInputTests(SharedHost shared, ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>As they stand in a URL: NUL, bytes that are not UTF-8, half a surrogate pair, broken escapes, lengths and numbers at the edges, other alphabets, segments with a meaning.</summary>
    private static readonly string[] InUrl =
    [
        "%00", "a%00b", "%FF", "%C0%80", "%ED%A0%80", "%ED%B0%80x", "%", "%zz", "%2", new('x', 300), "-1", "0", "9223372036854775807", "9223372036854775808", "1e400", "%F0%9F%98%80", "", "%20", "%2F",
        "%0D%0A", "'%3B--", "AAAA", "AA",
    ];

    /// <summary>As they stand in a body.</summary>
    private static readonly string[] InBody =
    [
        "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00x\"", $"\"{new string('x', 300)}\"", $"\"{new string('x', 5000)}\"", "\"-1\"", "\"9223372036854775808\"", "\"😀\"", "\"\"", "\".\"", "\"..\"",
        "-1", "9223372036854775807", "9223372036854775808", "1e400", "0.5", "null", "true", "{}", "[]", "[\"\\u0000\"]", "{\"\\u0000\": \"\\u0000\"}",
    ];

    [Fact]
    public async Task No_input_gives_a_5xx_a_hang_or_an_empty_error()
    {
        var api = new OpenApi(await shared.Client.GetJsonAsync("/openapi/v1.json"));
        await shared.Client.MetricAsync("sample", "sample", "count");
        var requests = api.Operations.Where(o => o.Path.StartsWith("/v1/", StringComparison.Ordinal)).SelectMany(o => Requests(api, o)).ToList();
        output.WriteLine($"{requests.Count} requests");
        requests.Count.ShouldBeGreaterThan(1000);
        using var client = shared.Host.ClientWith(shared.Host.ApiKey, Patience);
        using var admin = shared.Host.ClientWith(SharedHost.AdminToken, Patience);
        var faults = new List<string>();
        var slowest = TimeSpan.Zero;
        foreach (var request in requests)
        {
            var begun = Stopwatch.GetTimestamp();
            foreach (var fault in await SendAsync(api, request, request.Operation.NeedsAdmin ? admin : client))
            {
                faults.Add($"{request}: {fault}");
            }

            slowest = Stopwatch.GetElapsedTime(begun) > slowest ? Stopwatch.GetElapsedTime(begun) : slowest;
        }

        output.WriteLine($"slowest {slowest.TotalMilliseconds:0} ms");
        faults.ShouldBeEmpty();
        shared.Host.HasExited.ShouldBeFalse();
    }

    private static async Task<IReadOnlyList<string>> SendAsync(OpenApi api, HostileRequest hostile, HttpClient client)
    {
        // As written: a client would repair the escapes.
        var url = new Uri(client.BaseAddress!.GetLeftPart(UriPartial.Authority) + hostile.Target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new HttpMethod(hostile.Operation.Method), url);
        request.Content = hostile.Body is null ? null : new StringContent(hostile.Body, Encoding.UTF8, "application/json");
        try
        {
            using var answer = await client.SendAsync(request);
            var (status, type, text) = ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, await answer.Content.ReadAsStringAsync());
            if (status >= 500)
            {
                return [$"{status} {text}"];
            }

            if (status >= 400 && (type != "application/problem+json" || IsEmpty(text, "code") || IsEmpty(text, "detail")))
            {
                return [$"{status} {type} {text}"];
            }

            // A path that was changed may belong to another call, or to none.
            return hostile.IsPath ? [] : api.Faults(hostile.Operation, status, type, text);
        }
        catch (Exception late) when (late is TaskCanceledException or HttpRequestException)
        {
            return [late.Message];
        }
    }

    private static bool IsEmpty(string problem, string member) => string.IsNullOrEmpty(JsonNode.Parse(problem)?[member]?.GetValue<string>());

    private static IEnumerable<HostileRequest> Requests(OpenApi api, Operation operation)
    {
        var body = operation.BodySchema is null ? null : Samples.Bodies[$"{operation.Method} {operation.Path}"];
        foreach (var parameter in operation.Parameters)
        {
            var (name, isPath) = (parameter["name"]!.GetValue<string>(), parameter["in"]!.GetValue<string>() == "path");
            var isFamily = parameter["style"]?.GetValue<string>() == "deepObject";
            foreach (var value in isPath ? [.. InUrl, ".", "..", "%2e%2e"] : InUrl)
            {
                yield return new HostileRequest(operation, Target(operation, isFamily ? $"{name}[a]" : name, value), body, isPath);
                if (isFamily && value.Length > 0)
                {
                    yield return new HostileRequest(operation, Target(operation, $"{name}[{value}]", "a"), body, isPath);
                }
            }
        }

        if (body is not null)
        {
            foreach (var hostile in Bodies(api.Resolve(operation.BodySchema!), body))
            {
                yield return new HostileRequest(operation, Target(operation, "", ""), hostile, false);
            }
        }
    }

    /// <summary>The target with one bad value; the other parameters that are needed are good.</summary>
    private static string Target(Operation operation, string name, string value)
    {
        var path = operation.Path;
        var query = new List<string>();
        foreach (var parameter in operation.Parameters)
        {
            var other = parameter["name"]!.GetValue<string>();
            if (parameter["in"]!.GetValue<string>() == "path")
            {
                path = path.Replace($"{{{other}}}", other == name ? value : Samples.Parameter(other), StringComparison.Ordinal);
            }
            else if (other != name && parameter["required"]?.GetValue<bool>() == true)
            {
                query.Add($"{other}={Samples.Parameter(other)}");
            }
        }

        if (name.Length > 0 && !operation.Path.Contains($"{{{name}}}", StringComparison.Ordinal))
        {
            query.Add($"{name}={value}");
        }

        return query.Count == 0 ? path : $"{path}?{string.Join('&', query)}";
    }

    /// <summary>The sample with each of its values, and each member that only its description has, replaced by each bad one.</summary>
    private static IEnumerable<string> Bodies(JsonNode schema, string sample)
    {
        const string mark = "@@";
        var places = Leaves(JsonNode.Parse(sample)!, []).ToList();
        places.AddRange(schema["properties"]!.AsObject().Select(p => new object[] { p.Key }).Where(p => !places.Exists(l => l.Length == 1 && l[0].Equals(p[0]))));
        foreach (var place in places)
        {
            var marked = JsonNode.Parse(sample)!;
            var parent = place[..^1].Aggregate(marked, (node, step) => step is int index ? node[index]! : node[(string)step]!);
            if (place[^1] is int at)
            {
                parent[at] = mark;
            }
            else
            {
                parent[(string)place[^1]] = mark;
            }

            foreach (var value in InBody)
            {
                yield return marked.ToJsonString().Replace($"\"{mark}\"", value, StringComparison.Ordinal);
            }
        }

        foreach (var body in new[] { "", "null", "[]", "0", "\"\\ud800\"", "{\"\\u0000\": 1}", $"{{\"{new string('x', 300)}\": 1}}", "{\"\\ud800\": 1}", new string('[', 5000), "\uFEFF" + sample, sample + "\uFEFF" })
        {
            yield return body;
        }
    }

    private static IEnumerable<object[]> Leaves(JsonNode node, object[] at) => node switch
    {
        JsonObject whole => whole.SelectMany(p => Leaves(p.Value!, [.. at, p.Key])),
        JsonArray array => array.SelectMany((v, i) => Leaves(v!, [.. at, i])),
        _ => [at],
    };

    private sealed record HostileRequest(Operation Operation, string Target, string? Body, bool IsPath)
    {
        public override string ToString() => $"{Operation.Method} {Shorten(Target)}{(Body is null ? "" : " " + Shorten(Body))}";

        private static string Shorten(string text) => text.Length <= 400 ? text : text[..400] + "...";
    }
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests.Contract;

/// <summary>Every path with every method: what the path does not know is 405 and names what it knows.</summary>
[Collection(SharedHostCollection.Name)]
public sealed class MethodTests(SharedHost shared)
{
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

    /// <summary>Monitors probe these, with GET or HEAD.</summary>
    private static readonly string[] OfOperation = ["/", "/health/live", "/health/ready", "/metrics", "/openapi/v1.json"];

    [Fact]
    public async Task Methods_that_a_path_does_not_know_are_405_with_Allow()
    {
        var api = new OpenApi(await shared.Client.GetJsonAsync("/openapi/v1.json"));
        var paths = api.Operations.Select(o => Regex.Replace(o.Path, @"\{([^}]*)}", m => Samples.Parameter(m.Groups[1].Value)!)).Distinct().ToList();
        foreach (var path in paths.Concat(OfOperation))
        {
            string[] known = OfOperation.Contains(path) ? ["GET", "HEAD"] : [.. api.Operations.Where(o => o.Matches(path)).Select(o => o.Method).Distinct()];
            foreach (var method in Methods.Except(known))
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path);
                using var answer = await shared.Client.SendAsync(request);
                ((int)answer.StatusCode).ShouldBe(405, $"{method} {path}");
                answer.Content.Headers.Allow.ShouldBe(known, ignoreOrder: true, $"{method} {path}");
                answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json", $"{method} {path}");
                if (method != "HEAD")
                {
                    JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["code"]!.GetValue<string>().ShouldBe("method_not_allowed", $"{method} {path}");
                }
            }
        }
    }

    [Fact]
    public async Task Paths_of_operation_answer_HEAD_as_GET_without_the_body()
    {
        foreach (var path in OfOperation)
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, path);
            using var answer = await shared.Client.SendAsync(request);
            ((int)answer.StatusCode).ShouldBe(200, path);
            (await answer.Content.ReadAsByteArrayAsync()).ShouldBeEmpty();
        }
    }
}

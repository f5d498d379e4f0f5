using System.Text;
using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests;

/// <summary>A host behind a proxy that does not strip a prefix: every call answers below the prefix, and without it.</summary>
[Collection(SharedHostCollection.Name)]
public sealed class PathBaseTests(SharedHost shared)
{
    private const string Base = SharedHost.PathBase;
    private readonly HttpClient _client = shared.Client;

    [Fact]
    public async Task Events_metrics_and_usage_answer_below_the_path()
    {
        var posted = await _client.PostJsonAsync(Base + "/v1/events", """{"transaction_id": "path/base", "external_customer_id": "c", "code": "path base"}""");
        (await _client.GetJsonAsync(Base + "/v1/events/path%2Fbase"))["transaction_id"]!.GetValue<string>().ShouldBe("path/base");
        (await _client.GetJsonAsync("/v1/events/path%2Fbase"))["position"]!.GetValue<long>().ShouldBe(posted.Position());

        using var metric = new StringContent("""{"code": "path base", "name": "n", "aggregation_type": "count"}""", Encoding.UTF8, "application/json");
        using var made = await _client.PostAsync(Base + "/v1/billable_metrics", metric);
        made.Headers.Location!.OriginalString.ShouldBe(Base + "/v1/billable_metrics/path%20base");
        (await _client.GetJsonAsync(made.Headers.Location.OriginalString))["code"]!.GetValue<string>().ShouldBe("path base");
        (await _client.TotalAsync("path%20base", "postgresql", posted.Position())).ShouldBe("1");
        (await _client.GetJsonAsync($"{Base}/v1/usage?metric=path%20base&from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"))["rows"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Administration_and_operation_answer_below_the_path()
    {
        (await _client.SendAsync(HttpMethod.Get, Base + "/v1/organizations", key: SharedHost.AdminToken)).Status.ShouldBe(200);
        (await _client.SendAsync(HttpMethod.Get, Base + "/v1/pipeline")).Status.ShouldBe(200);
        (await _client.GetJsonAsync(Base + "/health/ready"))["status"]!.GetValue<string>().ShouldBe("healthy");
        (await _client.GetStringAsync(Base + "/metrics")).ShouldContain("bxb_");
        (await _client.GetJsonAsync(Base + "/"))["openapi"]!.GetValue<string>().ShouldBe(Base + "/openapi/v1.json");
        (await _client.GetJsonAsync(Base + "/nowhere", 404))["code"]!.GetValue<string>().ShouldBe("not_found");
        (await _client.GetJsonAsync("/usage/v1/pipeline", 404))["code"]!.GetValue<string>().ShouldBe("not_found");
    }

    [Theory]
    [InlineData("")]
    [InlineData(Base)]
    public async Task The_description_of_the_calls_names_the_path_and_not_the_address(string path)
    {
        var document = await _client.GetJsonAsync(path + "/openapi/v1.json");
        JsonNode.DeepEquals(document["servers"], JsonNode.Parse($$"""[{"url": "{{Base}}"}]""")).ShouldBeTrue(document["servers"]?.ToJsonString());
        document["paths"]!.AsObject().Select(p => p.Key).ShouldAllBe(p => !p.StartsWith(Base, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Import_finds_the_host_below_the_path()
    {
        var file = Path.Combine(shared.Host.DataDirectory, "path-base.ndjson");
        await File.WriteAllTextAsync(file, """{"transaction_id": "imported below a path", "external_customer_id": "c", "code": "x"}""");
        var (exit, text) = await HostProcess.RunAsync("import", file, "--url", shared.Host.Url.ToString().TrimEnd('/') + Base, "--api-key", shared.Host.ApiKey);
        exit.ShouldBe(0, text);
        await _client.GetJsonAsync("/v1/events/imported%20below%20a%20path");
    }
}

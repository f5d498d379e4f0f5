using System.Text.Json;

namespace Bxb.Management.Tests;

[Collection(OneHost.Name)]
public sealed class OpenApiTests(ManagementHost host)
{
    [Fact]
    public async Task Every_call_says_its_parameters_answers_and_errors()
    {
        var document = (await host.GetAsync("/openapi/v1.json", null)).Json;
        var paths = document.GetProperty("paths");
        Answers(paths, "/v1/organizations", "post").ShouldBe(["201", "400", "401", "403", "408", "409", "413", "415", "422", "503"]);
        Answers(paths, "/v1/organizations", "get").ShouldBe(["200", "400", "401", "403", "503"]);
        Answers(paths, "/v1/organizations/{id}/api_keys", "post").ShouldBe(["201", "400", "401", "403", "404", "408", "413", "415", "422", "503"]);
        Answers(paths, "/v1/organizations/{id}/api_keys/{key_id}", "delete").ShouldBe(["204", "400", "401", "403", "404", "503"]);
        Answers(paths, "/v1/billable_metrics/{code}", "put").ShouldBe(["200", "400", "401", "403", "404", "408", "413", "415", "422", "503"]);
        Answers(paths, "/v1/billable_metrics/{code}", "get").ShouldBe(["200", "400", "401", "403", "404", "503"]);
        Parameters(paths, "/v1/billable_metrics", "get").ShouldBe(["cursor", "limit"]);
        Parameters(paths, "/v1/billable_metrics/{code}", "delete").ShouldBe(["code"]);
        Parameters(paths, "/v1/organizations/{id}/api_keys/{key_id}", "delete").ShouldBe(["id", "key_id"]);

        var create = paths.GetProperty("/v1/billable_metrics").GetProperty("post");
        create.GetProperty("description").GetString()!.ShouldContain("scope `manage`");
        create.GetProperty("security")[0].TryGetProperty("bearer", out _).ShouldBeTrue(create.ToString());
        document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer").GetProperty("scheme").GetString().ShouldBe("bearer");
        var metric = document.GetProperty("components").GetProperty("schemas").GetProperty("BillableMetricBody").GetProperty("properties");
        metric.EnumerateObject().Select(p => p.Name).ShouldBe(
            ["code", "name", "event_code", "aggregation_type", "field_name", "filters", "group_keys", "rounding_function", "rounding_precision", "recurring", "description"]);
        document.GetProperty("components").GetProperty("schemas").GetProperty("Problem").GetProperty("properties").TryGetProperty("errors", out _).ShouldBeTrue();
    }

    private static IEnumerable<string> Answers(JsonElement paths, string path, string method)
        => paths.GetProperty(path).GetProperty(method).GetProperty("responses").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal);

    private static IEnumerable<string?> Parameters(JsonElement paths, string path, string method)
        => paths.GetProperty(path).GetProperty(method).GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()).Order(StringComparer.Ordinal);
}

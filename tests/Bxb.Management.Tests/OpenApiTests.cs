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
        create.GetProperty("responses").GetProperty("400").GetProperty("description").GetString()!.ShouldContain("`duplicate_member`: A JSON object names a member twice.");
        create.GetProperty("responses").GetProperty("403").GetProperty("description").GetString()!.ShouldContain("`missing_scope`");
        var metric = document.GetProperty("components").GetProperty("schemas").GetProperty("BillableMetricBody").GetProperty("properties");
        metric.EnumerateObject().Select(p => p.Name).ShouldBe(
            ["code", "name", "event_code", "aggregation_type", "field_name", "filters", "group_keys", "rounding_function", "rounding_precision", "recurring", "description", "percentile", "expression"]);
        metric.GetProperty("code").GetProperty("description").GetString().ShouldBe("Unique within the organization; 1 to 255 characters. On PUT absent or as in the path.");
        var answer = document.GetProperty("components").GetProperty("schemas").GetProperty("BillableMetric");
        answer.GetProperty("description").GetString().ShouldBe("A named aggregation over the events of one code, as the API answers it.");
        answer.GetProperty("properties").GetProperty("field_name").GetProperty("description").GetString().ShouldBe("The property that is aggregated, by dotted path; absent for count and custom.");
        answer.GetProperty("properties").TryGetProperty("organization_id", out _).ShouldBeFalse();
        // Members that are null are left out of answers.
        answer.GetProperty("required").EnumerateArray().Select(r => r.GetString()).ShouldBe(["code", "name", "event_code", "aggregation_type", "filters", "group_keys", "recurring"]);
        document.GetProperty("components").GetProperty("schemas").GetProperty("Problem").GetProperty("properties").TryGetProperty("errors", out _).ShouldBeTrue();
    }

    private static IEnumerable<string> Answers(JsonElement paths, string path, string method)
        => paths.GetProperty(path).GetProperty(method).GetProperty("responses").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal);

    private static IEnumerable<string?> Parameters(JsonElement paths, string path, string method)
        => paths.GetProperty(path).GetProperty(method).GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()).Order(StringComparer.Ordinal);
}

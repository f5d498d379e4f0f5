using System.Globalization;
using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;
using Xunit.Abstractions;

namespace Bxb.EndToEnd.Tests;

/// <summary>Real usage data through the import verb; the totals of its description come out exactly, from both stores.</summary>
[Collection(SharedHostCollection.Name)]
public sealed class RealDataTests(SharedHost shared, ITestOutputHelper output)
{
    private static readonly string? Data = Environment.GetEnvironmentVariable("BXB_SHARED_DATA");

    [RealDataFact]
    public async Task Web_requests_come_out_exactly_by_customer_property_and_hour()
    {
        var file = Path.Combine(Data!, "web-requests-2015.ndjson");
        var key = await shared.OrganizationAsync("web-requests");
        await ImportAsync(key, "9999", file);
        await ImportAsync(key, "0", file);
        await MetricAsync(key, "bytes", "http_request", "sum", "bytes");
        await MetricAsync(key, "requests", "http_request", "count");
        await MetricAsync(key, "paths", "http_request", "unique_count", "path");
        var events = (await File.ReadAllLinesAsync(file)).Where(l => l.Length > 0).Select(l => JsonNode.Parse(l)!).ToList();

        foreach (var store in new[] { "clickhouse", "postgresql" })
        {
            var total = await UsageAsync(key, store, "bytes", "");
            total["rows"]![0]!["value"]!.GetValue<string>().ShouldBe("2747282505");
            total["rows"]![0]!["events"]!.GetValue<int>().ShouldBe(9999 - 669);
            total["skipped_events"]!.GetValue<int>().ShouldBe(669);
            (await UsageAsync(key, store, "paths", ""))["rows"]![0]!["value"]!.GetValue<string>()
                .ShouldBe(events.Select(e => e["properties"]!["path"]!.GetValue<string>()).Distinct().Count().ToString());

            var customers = (await UsageAsync(key, store, "requests", "&group_by=external_customer_id"))["rows"]!.AsArray();
            customers.Count.ShouldBe(1753);
            customers.ToDictionary(r => r!["external_customer_id"]!.GetValue<string>(), r => int.Parse(r!["value"]!.GetValue<string>()))
                .ShouldBe(events.GroupBy(e => e["external_customer_id"]!.GetValue<string>()).ToDictionary(g => g.Key, g => g.Count()), ignoreOrder: true);

            var byStatus = (await UsageAsync(key, store, "bytes", "&group_by=status&window=hour"))["rows"]!.AsArray();
            byStatus.ToDictionary(r => (r!["from"]!.GetValue<string>(), r["group"]!["status"]!.GetValue<string>()), r => r!["value"]!.GetValue<string>())
                .ShouldBe(BytesByHourAndStatus(events), ignoreOrder: true);
        }
    }

    [RealDataFact]
    public async Task Language_model_calls_come_out_exactly_from_csv()
    {
        var key = await shared.OrganizationAsync("language-model");
        string[] mapping = ["--set", "code=llm_call", "--set", "external_customer_id=azure", "--map", "timestamp=TIMESTAMP"];
        var file = Path.Combine(Data!, "azure-llm-code-2023.csv");
        await ImportAsync(key, "8819", file, mapping);
        await ImportAsync(key, "0", file, mapping);
        await MetricAsync(key, "context", "llm_call", "sum", "ContextTokens");
        await MetricAsync(key, "generated", "llm_call", "sum", "GeneratedTokens");
        foreach (var store in new[] { "clickhouse", "postgresql" })
        {
            (await UsageAsync(key, store, "context", ""))["rows"]![0]!["value"]!.GetValue<string>().ShouldBe("18059974");
            (await UsageAsync(key, store, "generated", ""))["rows"]![0]!["value"]!.GetValue<string>().ShouldBe("245896");
            var hours = (await UsageAsync(key, store, "generated", "&window=hour"))["rows"]!.AsArray();
            hours.Sum(h => long.Parse(h!["value"]!.GetValue<string>())).ShouldBe(245896);
            hours.Count.ShouldBeGreaterThan(1);
        }
    }

    private static Dictionary<(string, string), string> BytesByHourAndStatus(IEnumerable<JsonNode> events) => events
        .Where(e => e["properties"]!["bytes"] is not null)
        .GroupBy(e => (
            DateTimeOffset.Parse(e["timestamp"]!.GetValue<string>(), CultureInfo.InvariantCulture).ToString("yyyy-MM-ddTHH:00:00Z", CultureInfo.InvariantCulture),
            e["properties"]!["status"]!.ToJsonString()))
        .ToDictionary(g => g.Key, g => g.Sum(e => e["properties"]!["bytes"]!.GetValue<long>()).ToString(CultureInfo.InvariantCulture));

    private async Task ImportAsync(string key, string ingested, string file, params string[] more)
    {
        var (exit, text) = await HostProcess.RunAsync(["import", file, "--url", shared.Host.Url.ToString(), "--api-key", key, .. more]);
        output.WriteLine(text);
        exit.ShouldBe(0, text);
        text.Replace(",", "", StringComparison.Ordinal).ShouldMatch($@"(?i)ingested\D+{ingested}\b");
    }

    private async Task MetricAsync(string key, string code, string eventCode, string aggregation, string? field = null)
    {
        var json = new JsonObject { ["code"] = code, ["name"] = code, ["event_code"] = eventCode, ["aggregation_type"] = aggregation, ["field_name"] = field };
        (await shared.Client.SendAsync(HttpMethod.Post, "/v1/billable_metrics", json.ToJsonString(), key)).Status.ShouldBe(201);
    }

    private static string Range(string metric)
        => metric is "context" or "generated" ? "from=2023-11-01T00:00:00Z&to=2023-12-01T00:00:00Z" : "from=2015-05-01T00:00:00Z&to=2015-06-01T00:00:00Z";

    private async Task<JsonNode> UsageAsync(string key, string store, string metric, string more)
    {
        var (_, events) = await shared.Client.SendAsync(HttpMethod.Get, "/v1/events?limit=1", key: key);
        var position = events["events"]![0]!["position"]!.GetValue<long>();
        var (status, answer) = await shared.Client.SendAsync(
            HttpMethod.Get, $"/v1/usage?metric={metric}&{Range(metric)}&store={store}&min_position={position}&timeout=30{more}", key: key);
        status.ShouldBe(200, answer.ToJsonString());
        answer["exact"]!.GetValue<bool>().ShouldBeTrue();
        return answer;
    }
}

/// <summary>Skips, aloud, where the real data is missing.</summary>
internal sealed class RealDataFactAttribute : FactAttribute
{
    public RealDataFactAttribute()
    {
        if (!Directory.Exists(Environment.GetEnvironmentVariable("BXB_SHARED_DATA")))
        {
            Skip = "BXB_SHARED_DATA names no folder with azure-llm-code-2023.csv and web-requests-2015.ndjson.";
        }
    }
}

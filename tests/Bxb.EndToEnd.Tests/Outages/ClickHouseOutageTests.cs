using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;

namespace Bxb.EndToEnd.Tests.Outages;

/// <summary>A host whose ClickHouse does not answer takes events and stays in service.</summary>
public sealed class ClickHouseOutageTests
{
    [Fact]
    public async Task While_clickhouse_is_away_the_host_is_degraded_and_in_service()
    {
        using var directory = new TemporaryDirectory();
        var postgres = await TestPostgres.CreateDatabaseAsync();
        await using var host = await HostProcess.StartAsync(
            directory.Path, $"--Bxb:Postgres:ConnectionString={postgres}", "--Bxb:ClickHouse:Url=http://127.0.0.1:1/?database=x", "--Bxb:Bootstrap:Organization=acme",
            "--Bxb:Bootstrap:ApiKey=bxb_a-key-from-the-settings", "--Bxb:Riders:StalledAfter=00:00:01");
        await host.Client.PostJsonAsync("/v1/events", """{"transaction_id": "1", "external_customer_id": "c", "code": "m"}""");
        JsonNode ready = new JsonObject();
        await Eventually.HoldsAsync(
            async () =>
            {
                (var status, ready) = await host.Client.SendAsync(HttpMethod.Get, "/health/ready");
                status.ShouldBe(200);
                return ready["checks"]!["bxb-groups"]!["description"]?.GetValue<string>().Contains("no progress for ", StringComparison.Ordinal) is true;
            },
            () => ready.ToJsonString(),
            TimeSpan.FromMinutes(1));
        ready["status"]!.GetValue<string>().ShouldBe("degraded");
        ready["checks"]!["clickhouse"]!.ToJsonString().ShouldBe("""{"status":"degraded","description":"ClickHouse does not answer."}""");
        ready["checks"]!["postgresql"]!.ToJsonString().ShouldBe("""{"status":"healthy"}""");
        ready.ToJsonString().ShouldNotContain("127.0.0.1");
        ready.ToJsonString().ShouldNotContain("Exception");
        (await host.Client.GetJsonAsync("/v1/pipeline"))["stores"]!["clickhouse"]!["available"]!.GetValue<bool>().ShouldBeFalse();
        await host.Client.PostJsonAsync("/v1/events", """{"transaction_id": "2", "external_customer_id": "c", "code": "m"}""");
        for (var poll = 0; poll < 20; poll++)
        {
            await host.Client.GetJsonAsync("/health/ready");
        }

        var lines = host.Output.Split('\n');
        lines.Count(l => l.Contains("ClickHouse does not answer; PostgreSQL answers usage queries: ", StringComparison.Ordinal)).ShouldBe(1, host.Output);
        lines.ShouldNotContain(l => l.Contains("Health check", StringComparison.Ordinal));
    }
}

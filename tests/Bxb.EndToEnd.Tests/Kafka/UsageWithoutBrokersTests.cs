using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>Usage while all brokers are away: ClickHouse answers with what it covers, from every host.</summary>
[OnKafka]
[Collection(KafkaCollection.Name)]
public sealed class UsageWithoutBrokersTests
{
    private const string Question = "/v1/usage?metric=away&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";

    [RealKafkaFact]
    public async Task ClickHouse_answers_on_the_host_that_read_the_group_on_another_one_and_on_one_that_starts_meanwhile()
    {
        await using var brokers = await TestKafka.StartClusterAsync(1);
        await using var stores = await SharedStores.CreateAsync(brokers);
        var reader = await stores.StartHostAsync("reader");
        await reader.Client.MetricAsync("away", "away", "sum", "n");
        var loaded = 0L;
        for (var i = 0; i < 40; i++)
        {
            loaded = await PostAsync(reader, i);
        }

        await reader.CoversAsync("away", loaded);
        await reader.CaughtUpAsync();
        var other = await stores.StartHostAsync("other", "--Bxb:Modules=Ingestion,Analytics");
        await brokers.KillAsync(1);
        await Eventually.HoldsAsync(() => reader.Output.Contains("A Kafka broker cannot be reached", StringComparison.Ordinal), "The host says that its brokers are away");
        var fresh = await stores.StartHostAsync("fresh", "--Bxb:Modules=Analytics");
        foreach (var host in (HostProcess[])[reader, other, fresh])
        {
            foreach (var more in (string[])["", "&store=clickhouse", $"&min_position={loaded}", $"&store=clickhouse&min_position={loaded}"])
            {
                await ShouldAnswerAsync(host, more, "clickhouse", loaded, 40);
            }
        }

        var later = await PostAsync(other, 40);
        foreach (var host in (HostProcess[])[reader, other, fresh])
        {
            await ShouldAnswerAsync(host, "", "clickhouse", loaded, 40);
            await ShouldAnswerAsync(host, $"&min_position={later}", "postgresql", later, 41);
            var (status, problem) = await host.Client.SendAsync(HttpMethod.Get, $"{Question}&store=clickhouse&min_position={later}&timeout=0.2");
            (status, (string?)problem["code"]).ShouldBe((503, "position_not_reached"));
        }

        await brokers.RestartAsync(1);
        foreach (var host in (HostProcess[])[reader, other, fresh])
        {
            await host.CoversAsync("away", later);
            await ShouldAnswerAsync(host, "", "clickhouse", later, 41);
        }

        await reader.CaughtUpAsync();
    }

    private static async Task<long> PostAsync(HostProcess host, int number) => (await host.Client.PostJsonAsync(
        "/v1/events", $$$"""{"transaction_id": "away-{{{number}}}", "external_customer_id": "c-{{{number % 5}}}", "code": "away", "properties": {"n": 1}}""")).Position();

    private static async Task ShouldAnswerAsync(HostProcess host, string more, string store, long covers, int value)
    {
        var answer = await host.Client.GetJsonAsync(Question + more);
        answer["store"]!.GetValue<string>().ShouldBe(store, more);
        answer["as_of_position"]!.GetValue<long>().ShouldBeGreaterThanOrEqualTo(covers, more);
        answer["rows"]!.AsArray().Single()!["value"]!.GetValue<string>().ShouldBe(value.ToString());
    }
}

using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>One host takes events and relays them, another one loads and answers: they know each other only by their stores and by Kafka.</summary>
[OnKafka]
[Collection(KafkaCollection.Name)]
public sealed class HostsApartTests
{
    private static readonly int Loops = KafkaStorm.Times(200);

    [RealKafkaFact]
    public async Task What_one_host_took_another_one_counts_as_soon_as_it_is_asked_for()
    {
        await using var stores = await SharedStores.CreateAsync(await TestKafka.SharedAsync());
        var intake = await stores.StartHostAsync("intake", "--Bxb:Modules=Ingestion,Relay");
        var answers = await stores.StartHostAsync("answers", "--Bxb:Modules=Analytics");
        await intake.Client.MetricAsync("apart", "apart", "sum", "n");
        for (var i = 1; i <= Loops; i++)
        {
            var posted = await intake.Client.PostJsonAsync(
                "/v1/events", $$$"""{"transaction_id": "apart-{{{i}}}", "external_customer_id": "c-{{{i % 30}}}", "code": "apart", "properties": {"n": {{{i}}}}}""");
            foreach (var store in (string[])["clickhouse", "postgresql"])
            {
                (await answers.Client.TotalAsync("apart", store, posted.Position())).ShouldBe((i * (i + 1L) / 2).ToString(), $"{store} after post {i}");
            }
        }

        (await stores.RelayOwnerAsync()).ShouldBe("intake");
        (await stores.OwnersAsync()).Distinct().ShouldBe(["answers"]);
        const string Question = "/v1/usage?metric=apart&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
        (await intake.Client.SendAsync(HttpMethod.Get, Question)).Status.ShouldBe(404);
        (await answers.Client.SendAsync(HttpMethod.Get, Question)).Status.ShouldBe(200);
        (await answers.Client.SendAsync(HttpMethod.Post, "/v1/events", """{"transaction_id": "x", "external_customer_id": "c", "code": "apart"}""")).Status.ShouldBe(404);
        await intake.HealthyAsync();
        await answers.HealthyAsync();
        await answers.CaughtUpAsync();
    }

    [RealKafkaFact]
    public async Task A_query_with_the_position_of_ones_own_post_never_misses_it_over_Kafka()
    {
        await using var stores = await SharedStores.CreateAsync(await TestKafka.SharedAsync());
        var host = await stores.StartHostAsync("only");
        await host.Client.MetricAsync("own", "own", "sum", "n");
        for (var i = 1; i <= Loops; i++)
        {
            var posted = await host.Client.PostJsonAsync(
                "/v1/events", $$$"""{"transaction_id": "own-{{{i}}}", "external_customer_id": "c-{{{i % 30}}}", "code": "own", "properties": {"n": {{{i}}}}}""");
            var answer = await host.Client.GetJsonAsync($"/v1/usage?metric=own&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&store=clickhouse&min_position={posted.Position()}&timeout=30");
            answer["rows"]![0]!["value"]!.GetValue<string>().ShouldBe((i * (i + 1L) / 2).ToString(), $"after post {i}");
            answer["as_of_position"]!.GetValue<long>().ShouldBeGreaterThanOrEqualTo(posted.Position());
        }
    }
}

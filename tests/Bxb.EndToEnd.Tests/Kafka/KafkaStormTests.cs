using System.Diagnostics;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.EndToEnd.Tests.Kills;
using Bxb.Testing;
using Xunit.Abstractions;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>
/// Three brokers under load, of which one dies and comes back and then another, while hosts are killed and a second one joins and leaves, in an order of chance. Afterwards the log holds
/// every acknowledged event once, ClickHouse equals the log without FINAL, nothing is behind, and nothing needed a hand. <c>BXB_KAFKA_STORM</c> scales it; <c>BXB_SEED</c> repeats a run.
/// </summary>
[OnKafka]
[Collection(KafkaCollection.Name)]
public sealed class KafkaStormTests(ITestOutputHelper output)
{
    private const int Brokers = 3;
    private static readonly int HostKills = KafkaStorm.Times(10);
    private static readonly int Visits = KafkaStorm.Times(5);

    private enum Act
    {
        BrokerDies,
        BrokerReturns,
        HostDies,
        SecondHostJoins,
        SecondHostLeaves,
    }

    [RealKafkaFact]
    public async Task Whatever_comes_and_goes_every_acknowledged_event_stands_once_in_both_stores_and_nothing_is_behind()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("BXB_SEED"), out var given) ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed}, {HostKills} kills of hosts, {Visits} visits of a second one");
        var random = new Random(seed);
        await using var brokers = await TestKafka.StartClusterAsync(Brokers);
        await using var stores = await SharedStores.CreateAsync(brokers, Brokers);
        using var pool = new HostPool(TimeSpan.FromSeconds(15));
        var first = await stores.StartHostAsync("first");
        var keys = await OrganizationsAsync(first);
        pool.Add(first);
        await using var load = new SteadyLoad(
            pool.Client, "stormy", senders: 4, shape: new SteadyLoadShape { Customers = 60, Pause = TimeSpan.FromMilliseconds(100), Keys = keys });
        await PlayAsync(brokers, stores, pool, load, random);

        await load.ProgressAsync(20);
        output.WriteLine($"{await load.FinishAsync()} events are acknowledged");
        foreach (var host in pool.Hosts)
        {
            await host.CaughtUpAsync();
            await host.HealthyAsync();
        }

        await stores.ShouldHoldAsync(load.AcknowledgedIds());
        await TotalsAsync(pool.Hosts[0], keys, load, await stores.LastPositionAsync());
    }

    private async Task PlayAsync(TestKafka brokers, SharedStores stores, HostPool pool, SteadyLoad load, Random random)
    {
        var (deaths, second, started) = (0, (HostProcess?)null, Stopwatch.GetTimestamp());
        foreach (var act in Shuffle(random))
        {
            await load.ProgressAsync(random.Next(10, 80));
            output.WriteLine($"{Stopwatch.GetElapsedTime(started)} {act} after {load.AcknowledgedBatches} batches");
            switch (act)
            {
                case Act.BrokerDies:
                    await brokers.KillAsync(++deaths);
                    break;
                case Act.BrokerReturns:
                    await brokers.RestartAsync(deaths);
                    await Replicas.InSyncAsync(brokers);
                    break;
                case Act.HostDies:
                    var victim = pool.Hosts[random.Next(pool.Hosts.Count)];
                    await victim.KillAsync();
                    var next = await stores.StartHostAsync(stores.NameOf(victim));
                    second = victim == second ? next : second;
                    pool.Replace(victim, next);
                    break;
                case Act.SecondHostJoins:
                    pool.Add(second = await stores.StartHostAsync("second"));
                    break;
                default:
                    pool.Remove(second!);
                    (await second!.StopAsync()).ShouldBe(0, second.Output);
                    second = null;
                    break;
            }
        }
    }

    /// <summary>Three stories, each in its own order, told at once.</summary>
    private static List<Act> Shuffle(Random random)
    {
        List<Queue<Act>> stories =
        [
            new([Act.BrokerDies, Act.BrokerReturns, Act.BrokerDies, Act.BrokerReturns]),
            new(Enumerable.Repeat(Act.HostDies, HostKills)),
            new(Enumerable.Repeat<Act[]>([Act.SecondHostJoins, Act.SecondHostLeaves], Visits).SelectMany(v => v)),
        ];
        var acts = new List<Act>();
        while (stories.RemoveAll(s => s.Count == 0) >= 0 && stories.Count > 0)
        {
            acts.Add(stories[random.Next(stories.Count)].Dequeue());
        }

        return acts;
    }

    private static async Task<List<string>> OrganizationsAsync(HostProcess host)
    {
        var keys = new List<string> { SharedStores.Key };
        foreach (var name in (string[])["second", "third"])
        {
            var (_, made) = await host.Client.SendAsync(HttpMethod.Post, "/v1/organizations", $$"""{"name": "{{name}}"}""", SharedStores.AdminToken);
            var (status, key) = await host.Client.SendAsync(HttpMethod.Post, $"/v1/organizations/{made["id"]}/api_keys", "{}", SharedStores.AdminToken);
            status.ShouldBe(201, key.ToJsonString());
            keys.Add(key["key"]!.GetValue<string>());
        }

        return keys;
    }

    private static async Task TotalsAsync(HostProcess host, List<string> keys, SteadyLoad load, long position)
    {
        foreach (var key in keys)
        {
            using var client = host.ClientWith(key, TimeSpan.FromMinutes(1));
            await client.MetricAsync("stormy", "stormy", "sum", "n");
            var expected = (load.AcknowledgedBatchesOf(key) * SteadyLoad.SumABatch).ToString();
            (await client.TotalAsync("stormy", "postgresql", position)).ShouldBe(expected);
            (await client.TotalAsync("stormy", "clickhouse", position)).ShouldBe(expected);
        }
    }
}

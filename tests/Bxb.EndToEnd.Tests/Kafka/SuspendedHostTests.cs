using Bxb.EndToEnd.Tests.Hosting;
using Bxb.EndToEnd.Tests.Kills;
using Bxb.Testing;
using Xunit.Abstractions;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>
/// SIGSTOP in mid-load, at a random moment, for the host that relays and reads half of the partitions: a virtual machine that was paused. The other host takes everything over; then the first one
/// wakes up in the middle of whatever it was doing. <c>BXB_KAFKA_STORM</c> scales it.
/// </summary>
[OnKafka]
[Collection(KafkaCollection.Name)]
public sealed class SuspendedHostTests(ITestOutputHelper output)
{
    private static readonly int Rounds = KafkaStorm.Times(8);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [RealKafkaFact]
    public async Task A_host_that_wakes_up_after_it_was_taken_over_loses_nothing_doubles_nothing_and_goes_on_as_a_member()
    {
        await using var stores = await SharedStores.CreateAsync(await TestKafka.SharedAsync());
        using var pool = new HostPool(TimeSpan.FromSeconds(5));
        HostProcess[] hosts = [await stores.StartHostAsync("one"), await stores.StartHostAsync("two")];
        Array.ForEach(hosts, pool.Add);
        await hosts[0].Client.MetricAsync("suspended", "suspended", "sum", "n");
        await using var load = new SteadyLoad(pool.Client, "suspended", senders: 4, shape: new SteadyLoadShape { Customers = 60, Pause = TimeSpan.FromMilliseconds(30) });
        for (var round = 0; round < Rounds; round++)
        {
            await SharedAsync(stores);
            await load.ProgressAsync(Random.Shared.Next(30, 100));
            var relaying = await stores.RelayOwnerAsync();
            var sleeper = hosts.Single(h => stores.NameOf(h) == relaying);
            await SuspendAsync(sleeper, hosts.Single(h => h != sleeper), stores, pool, load);
        }

        await SharedAsync(stores);
        output.WriteLine($"{await load.FinishAsync()} events are acknowledged");
        foreach (var host in hosts)
        {
            await host.CaughtUpAsync();
            await host.HealthyAsync();
        }

        await stores.ShouldHoldAsync(load.AcknowledgedIds());
        (await hosts[0].Client.TotalAsync("suspended", "clickhouse", await stores.LastPositionAsync())).ShouldBe((load.AcknowledgedBatches * SteadyLoad.SumABatch).ToString());
    }

    private async Task SuspendAsync(HostProcess sleeper, HostProcess other, SharedStores stores, HostPool pool, SteadyLoad load)
    {
        var (name, steppedDown) = (stores.NameOf(sleeper), TimesSteppedDown(sleeper));
        sleeper.Suspend();
        pool.Remove(sleeper);
        output.WriteLine($"{name} sleeps after {load.AcknowledgedBatches} batches");
        try
        {
            await Eventually.HoldsAsync(
                async () => await stores.RelayOwnerAsync() != name && !(await stores.OwnersAsync()).Contains(name), () => $"Relay and partitions of {name} are taken over", Patience);

            // Not only on paper: what comes in now gets to ClickHouse while the sleeper sleeps.
            await load.ProgressAsync(20);
            await other.CoversAsync("suspended", await stores.LastPositionAsync());
        }
        finally
        {
            sleeper.Continue();
        }

        await Eventually.HoldsAsync(() => Task.FromResult(TimesSteppedDown(sleeper) > steppedDown), () => $"{name} has noticed ({sleeper.Output})", Patience);
        pool.Add(sleeper);
        (await stores.RelayOwnerAsync()).ShouldNotBe(name);
    }

    /// <summary>Returns once both hosts read partitions.</summary>
    private static Task SharedAsync(SharedStores stores)
    {
        string[] owners = [];
        return Eventually.HoldsAsync(
            async () => (owners = await stores.OwnersAsync()).Length == SharedStores.Partitions && owners.Distinct().Count() == 2, () => $"Both hosts read ({string.Join(',', owners)})", Patience);
    }

    /// <summary>Told by PostgreSQL (2134) or, in mid-flush, by the brokers (2135) that somebody else relays.</summary>
    private static int TimesSteppedDown(HostProcess host) => host.Output.Split("OutboxRelay[2134]").Length + host.Output.Split("OutboxRelay[2135]").Length;
}

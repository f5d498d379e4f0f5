using Bxb.EndToEnd.Tests.Hosting;
using Bxb.EndToEnd.Tests.Kills;
using Bxb.Testing;
using Xunit.Abstractions;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>
/// Brokers that are all away for a long time, that are restarted one by one, and that come later than the host, while events are sent and the host is asked how it is. The host lives,
/// ingest goes on, and every acknowledged event reaches ClickHouse once. <c>BXB_KAFKA_STORM</c> scales how long they are away: 100 s is the full measure.
/// </summary>
[OnKafka]
[Collection(KafkaCollection.Name)]
public sealed class BrokersAwayTests(ITestOutputHelper output)
{
    private const int Brokers = 3;
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(KafkaStorm.Times(100));

    [RealKafkaFact]
    public async Task A_host_outlives_all_brokers_and_their_restart_one_by_one()
    {
        await using var brokers = await TestKafka.StartClusterAsync(Brokers);
        await using var stores = await SharedStores.CreateAsync(brokers, Brokers);
        var host = await stores.StartHostAsync("only");
        await host.Client.MetricAsync("away", "away", "sum", "n");
        await using var load = Load(host);
        await using var questions = new Questions(host, "away");
        await load.ProgressAsync(20);
        await Eventually.HoldsAsync(async () => (long)(await host.Client.GetJsonAsync("/v1/pipeline"))["relay"]!["position"]! > 0, "The relay carries");

        for (var broker = 1; broker <= Brokers; broker++)
        {
            await brokers.KillAsync(broker);
        }

        var said = host.Output.Length;
        await StayAsync(host, load, questions, Away);
        output.WriteLine($"{host.Output.Length - said} characters logged in {Away} without brokers");

        // At once: a node alone is no quorum and takes no connections.
        await Task.WhenAll(Enumerable.Range(1, Brokers).Select(brokers.RestartAsync));
        await Replicas.InSyncAsync(brokers);
        for (var broker = 1; broker <= Brokers; broker++)
        {
            await brokers.KillAsync(broker);
            await load.ProgressAsync(10);
            await brokers.RestartAsync(broker);
            await Replicas.InSyncAsync(brokers);
        }

        await EndAsync(stores, host, load, questions);
    }

    [RealKafkaFact]
    public async Task A_host_that_starts_before_its_brokers_carries_what_it_took_when_they_come()
    {
        await using var brokers = await TestKafka.StartClusterAsync(1);
        await brokers.KillAsync(1);
        await using var stores = await SharedStores.CreateAsync(brokers);
        var host = await stores.StartHostAsync("early");
        await host.Client.MetricAsync("away", "away", "sum", "n");
        await using var load = Load(host);
        await using var questions = new Questions(host, "away");
        await StayAsync(host, load, questions, Away / 2);
        await brokers.RestartAsync(1);
        await load.ProgressAsync(10);
        await EndAsync(stores, host, load, questions);

        // A read-only file system is enough for a host whose stores are elsewhere.
        Directory.EnumerateFileSystemEntries(host.DataDirectory).ShouldBeEmpty();
    }

    private static SteadyLoad Load(HostProcess host) => new(() => host.Client, "away", senders: 2, shape: new SteadyLoadShape { Customers = 60, Pause = TimeSpan.FromMilliseconds(200) });

    /// <summary>Returns when the time is over, unless the host ends before or takes no events.</summary>
    private static async Task StayAsync(HostProcess host, SteadyLoad load, Questions questions, TimeSpan time)
    {
        using var over = new CancellationTokenSource(time);
        while (!over.IsCancellationRequested)
        {
            host.HasExited.ShouldBeFalse(host.Output);
            await load.ProgressAsync(1);
        }

        questions.Answered.ShouldBeGreaterThan(0);
    }

    private async Task EndAsync(SharedStores stores, HostProcess host, SteadyLoad load, Questions questions)
    {
        output.WriteLine($"{await load.FinishAsync()} events are acknowledged");
        await host.CaughtUpAsync();
        await host.HealthyAsync();
        await questions.DisposeAsync();
        output.WriteLine($"{questions.Answered} questions were answered: {questions}");
        questions.Broken.ShouldBe(0);
        host.HasExited.ShouldBeFalse(host.Output);
        await stores.ShouldHoldAsync(load.AcknowledgedIds());
        (await host.Client.TotalAsync("away", "clickhouse", await stores.LastPositionAsync())).ShouldBe((load.AcknowledgedBatches * SteadyLoad.SumABatch).ToString());
    }
}

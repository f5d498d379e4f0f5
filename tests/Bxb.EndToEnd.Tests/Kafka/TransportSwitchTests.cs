using Bxb.EndToEnd.Tests.Hosting;
using Bxb.EndToEnd.Tests.Kills;
using Bxb.Testing;
using Xunit.Abstractions;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>A host with data is restarted on the other transport, under load, in order and by SIGKILL: nothing but settings changes, and no total is ever wrong.</summary>
[OnKafka]
[Collection(KafkaCollection.Name)]
public sealed class TransportSwitchTests(ITestOutputHelper output)
{
    private static readonly int QuestionsAPhase = KafkaStorm.Times(20);
    private int _own;

    private enum End
    {
        Stop,
        Kill,
        None,
    }

    [RealKafkaFact]
    public async Task Settings_alone_take_a_host_to_Kafka_and_back_and_totals_stay_exact_throughout()
    {
        using var directory = new TemporaryDirectory();
        var kafka = SharedStores.KafkaSettings(await TestKafka.SharedAsync(), TestKafka.NewTopicName());
        (string[] Settings, End End)[] phases = [([], End.Stop), (kafka, End.Kill), ([], End.Kill), (kafka, End.Stop), ([], End.None)];
        HostProcess? host = null;
        SteadyLoad? load = null;
        try
        {
            var closed = 0L;
            foreach (var (settings, end) in phases)
            {
                var next = await HostProcess.StartAsync(directory.Path, settings);
                Volatile.Write(ref host, next);
                if (load is null)
                {
                    closed = await CloseAsync(host);
                    load = new SteadyLoad(() => Volatile.Read(ref host)!.Client, "switched", senders: 2, shape: new SteadyLoadShape { Pause = TimeSpan.FromMilliseconds(100) });
                }

                await AskAsync(host, closed);
                output.WriteLine($"{(settings.Length == 0 ? "PostgreSQL" : "Kafka")}: {load.AcknowledgedBatches} batches");
                await (end == End.Kill ? host.KillAsync() : end == End.Stop ? host.StopAsync() : Task.CompletedTask);
            }

            await VerifyAsync(host!, directory.Path, load!);
        }
        finally
        {
            await (load?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (host?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    /// <summary>Makes the metrics, and a set of events that is never added to.</summary>
    private static async Task<long> CloseAsync(HostProcess host)
    {
        foreach (var metric in (string[])["closed", "own", "switched"])
        {
            await host.Client.MetricAsync(metric, metric, "sum", "n");
        }

        await using var past = new SteadyLoad(() => host.Client, "closed", senders: 2);
        await past.ProgressAsync(50);
        return await past.FinishAsync() / SteadyLoad.EventsABatch * SteadyLoad.SumABatch;
    }

    /// <summary>Under load: the closed set has its total, and an event of one's own is counted once as soon as it is asked for.</summary>
    private async Task AskAsync(HostProcess host, long closed)
    {
        for (var i = 0; i < QuestionsAPhase; i++)
        {
            var posted = await host.Client.PostJsonAsync(
                "/v1/events", $$$"""{"transaction_id": "own-{{{++_own}}}", "external_customer_id": "c-{{{_own % 20}}}", "code": "own", "properties": {"n": 1}}""");
            foreach (var store in (string[])["clickhouse", "postgresql"])
            {
                (await host.Client.TotalInTimeAsync("own", store, posted.Position())).ShouldBe(_own.ToString());
                (await host.Client.TotalInTimeAsync("closed", store, posted.Position())).ShouldBe(closed.ToString());
            }
        }
    }

    private static async Task VerifyAsync(HostProcess host, string directory, SteadyLoad load)
    {
        await load.FinishAsync();
        var log = await StoreContents.OfTheLogAsync(directory);
        var expected = (load.AcknowledgedBatches * SteadyLoad.SumABatch).ToString();
        foreach (var store in (string[])["clickhouse", "postgresql"])
        {
            (await host.Client.TotalInTimeAsync("switched", store, log[^1].Position)).ShouldBe(expected);
        }

        (await StoreContents.OfClickHouseAsync(directory)).ShouldEqual(log);
    }
}

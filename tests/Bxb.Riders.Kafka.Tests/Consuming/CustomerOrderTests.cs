using Bxb.Riders.Compliance;
using Bxb.Riders.Kafka.Consuming;
using Bxb.Riders.Kafka.Tests.Compliance;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace Bxb.Riders.Kafka.Tests.Consuming;

/// <summary>Order per customer, as a consumer sees it while hosts come and go. <c>BXB_KAFKA_STORM</c> scales it; <c>BXB_SEED</c> repeats a run.</summary>
[OnKafka]
public sealed class CustomerOrderTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Group = "order";
    private static readonly int Changes = KafkaStorm.Times(20);

    private readonly KafkaRig _rig = new(partitions: 12) { Customers = 150 };
    private readonly DeliveryJournal _journal = new();
    private int _hosts;

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [RealKafkaFact]
    public async Task Each_customers_events_come_in_log_order_whichever_host_has_them_and_whichever_dies()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("BXB_SEED"), out var given) ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed}, {Changes} changes of hosts");
        var random = new Random(seed);
        using var enough = new CancellationTokenSource();
        var appending = AppendAsync(enough.Token);
        var running = new List<ComplianceHost> { await StartAsync(random.Next()), await StartAsync(random.Next()) };
        for (var i = 0; i < Changes; i++)
        {
            // The group has got on since the last change: whoever left in mid-batch, his batch was repeated.
            var reached = _journal.Processed.Count;
            await Eventually.HoldsAsync(() => _journal.Processed.Count > reached + random.Next(500), "The group gets on");
            var leaver = running[random.Next(2)];
            running.Remove(leaver);
            if (i % 2 == 0)
            {
                await leaver.Services.GetRequiredService<KafkaTransport>().AbandonAsync();
            }

            running.Add(await StartAsync(random.Next()));
            await leaver.StopAsync();
        }

        await enough.CancelAsync();
        var positions = await appending;
        await running[0].WaitForAsync(Group, positions[^1]);
        _journal.Broken.Take(10).ShouldBeEmpty();
        _journal.Processed.ShouldBe(positions);
        output.WriteLine($"{positions.Count} events, {_journal.Repeats} repeats");
    }

    private async Task<List<long>> AppendAsync(CancellationToken enough)
    {
        var positions = new List<long>();
        while (!enough.IsCancellationRequested)
        {
            positions.AddRange(await _rig.AppendAsync(100, organizationId: 1 + (positions.Count / 100 % 2)));
            await Task.WhenAny(Task.Delay(20, enough));
        }

        return positions;
    }

    private Task<ComplianceHost> StartAsync(int seed)
    {
        var (name, work) = ($"host {++_hosts}", new Random(seed));
        return _rig.StartHostAsync(b => b
            .Riders(o => o.Owner = name)
            .Group(Group, o => o.MaxBatch = 40, _journal.Script(name, () => Task.Delay(Pause(work)))));
    }

    private static int Pause(Random work)
    {
        lock (work)
        {
            return work.Next(20);
        }
    }
}

using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Relay;
using Bxb.Riders.Kafka.Tests.Records;
using Bxb.Riders.Leases;
using Bxb.Testing;
using Confluent.Kafka;
using Npgsql;

namespace Bxb.Riders.Kafka.Tests.Relay;

/// <summary>Relays that were overtaken while they were suspended: played by hand, at the moments that matter.</summary>
[OnKafka, Trait("broker", "real")]
public sealed class RelayFencingTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly RelayRig _rig = new();

    public Task InitializeAsync() => TestKafka.Home is null ? Task.CompletedTask : _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [RealKafkaFact]
    public async Task A_relay_that_was_suspended_in_a_flush_adds_nothing_when_it_wakes_up()
    {
        await _rig.StartRelayAsync();
        var positions = (await _rig.AppendManyAsync(200)).ToList();
        await _rig.CarriedAsync(positions[^1]);
        var stored = (await _rig.Store().ReadAsync(_rig.Topic, CancellationToken.None))!;

        // By hand: fences the host off, which claims again and fences this one off.
        await using var suspended = await _rig.ProducerAsync(stored.Partitions);
        positions.AddRange(await _rig.AppendManyAsync(200));
        await _rig.CarriedAsync(positions[^1]);
        using var records = EventRecords.Rent();
        SampleEvents.Add(records, position: 1_000_000);
        (await Should.ThrowAsync<RelayException>(() => suspended.FlushAsync(records, stored.Offsets, CancellationToken.None))).Message.ShouldContain("fenced");

        var contents = await TopicContents.ReadAsync(_rig.Servers, _rig.Topic);
        contents.WithoutRepeats.Select(r => r.Position).Order().ShouldBe(positions);
    }

    [RealKafkaFact]
    public async Task An_open_transaction_of_the_one_before_is_not_seen()
    {
        var topic = await new TopicSetupRig(_rig).EnsureAsync();
        using var before = new ProducerBuilder<string, byte[]>(_rig.Clients().Relay()).SetLogHandler((_, _) => { }).Build();
        before.InitTransactions(Patience);
        before.BeginTransaction();
        await before.ProduceAsync(new TopicPartition(topic.Name, 0), new Message<string, byte[]> { Key = "suspended", Value = [1] });
        await using var next = await _rig.ProducerAsync(topic.Partitions);
        Should.Throw<KafkaException>(() => before.CommitTransaction(Patience)).Message.ShouldContain("fenced");
        using var records = EventRecords.Rent();
        SampleEvents.Add(records, position: 1);
        var offsets = await next.FlushAsync(records, new long[topic.Partitions], CancellationToken.None);
        var contents = await TopicContents.ReadAsync(_rig.Servers, _rig.Topic);
        contents.Positions.ShouldBe([1]);
        offsets.Max().ShouldBe(contents.Records[0].Offset + 1);
    }

    [RealKafkaFact]
    public async Task Whoever_is_overtaken_between_the_two_fences_steps_down_and_the_other_goes_on()
    {
        var topic = await new TopicSetupRig(_rig).EnsureAsync();
        var store = _rig.Store();
        var (overtaken, _) = await store.TakeOverAsync(topic, "suspended", CancellationToken.None);
        var host = await _rig.StartRelayAsync("overtaker");
        var positions = (await _rig.AppendManyAsync(200)).ToList();
        await _rig.CarriedAsync(positions[^1]);

        // Wakes up and fences off the one that has overtaken it, which is why it looks at the epoch then.
        await using var woken = await _rig.ProducerAsync(topic.Partitions);
        (await store.ReadAsync(_rig.Topic, CancellationToken.None))!.Epoch.ShouldBeGreaterThan(overtaken.Epoch);
        (await store.StoreAsync(overtaken with { Position = 1_000_000 }, TimeSpan.FromDays(1), forGood: false, CancellationToken.None)).ShouldBeFalse();
        (await _rig.FindFlushAsync(1_000_000))!.Value.Position.ShouldBeLessThanOrEqualTo(positions[^1]);

        positions.AddRange(await _rig.AppendManyAsync(200));
        await _rig.CarriedAsync(positions[^1]);
        (await RelayRig.StatusAsync(host)).Owner.ShouldBe("overtaker");
        (await TopicContents.ReadAsync(_rig.Servers, _rig.Topic)).WithoutRepeats.Select(r => r.Position).Order().ShouldBe(positions);
    }

    [RealKafkaFact]
    public async Task The_lock_of_a_relay_that_was_suspended_is_broken()
    {
        await using var suspended = new NpgsqlConnection(_rig.ConnectionString);
        await suspended.OpenAsync();
        (await LeaseStore.TryLockAsync(suspended, OutboxRelay.LeaseName(_rig.Topic), CancellationToken.None)).ShouldBeTrue();
        await _rig.StartRelayAsync();
        var positions = await _rig.AppendManyAsync(100);
        await _rig.CarriedAsync(positions[^1]);
    }

    [RealKafkaFact]
    public async Task A_relay_that_loses_its_lock_again_and_again_leaves_no_gap()
    {
        await _rig.StartRelayAsync("host-1");
        await _rig.StartRelayAsync("host-2");
        var positions = new List<long>();
        for (var round = 0; round < 10; round++)
        {
            positions.AddRange(await _rig.AppendManyAsync(400));
            await _rig.EndLeasesAsync();
        }

        await _rig.CarriedAsync(positions[^1]);
        var contents = await TopicContents.ReadAsync(_rig.Servers, _rig.Topic);
        contents.WithoutRepeats.Select(r => r.Position).Order().ShouldBe(positions);
    }
}

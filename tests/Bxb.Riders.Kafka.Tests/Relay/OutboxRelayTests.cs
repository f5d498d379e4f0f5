using System.Text;
using Bxb.Riders.Kafka.Records;
using Bxb.Riders.Kafka.Relay;
using Bxb.Riders.Kafka.Tests.Consuming;
using Bxb.Riders.Transport;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Bxb.Riders.Kafka.Tests.Relay;

[OnKafka, Trait("broker", "real")]
public sealed class OutboxRelayTests : IAsyncLifetime
{
    private const string TakingOver =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'insert into event_log.relay %'";

    private static readonly int Deaths = KafkaStorm.Times(20);

    private readonly RelayRig _rig = new();

    public Task InitializeAsync() => TestKafka.Home is null ? Task.CompletedTask : _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [RealKafkaFact]
    public async Task Every_record_is_carried_once_in_log_order_to_the_partition_of_its_key()
    {
        var before = await _rig.AppendManyAsync(1_000);
        var host = await _rig.StartRelayAsync();
        var positions = before.Concat(await _rig.AppendManyAsync(1_000)).ToList();
        await _rig.CarriedAsync(positions[^1]);
        var contents = await TopicContents.ReadAsync(_rig.Servers, _rig.Topic);
        contents.Positions.ShouldBe(positions);
        contents.WithoutRepeats.Count.ShouldBe(positions.Count);
        contents.Records.ShouldAllBe(r => r.Partition == PartitionKey.Partition(Encoding.UTF8.GetBytes(r.Key), 3));
        contents.Records.Select(r => r.Partition).Distinct().Count().ShouldBe(3);
        contents.Records[0].Headers.Select(h => h.Key).ShouldBe(["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "content-type", "bxb-schema", "bxb-position"]);
        var status = await RelayRig.StatusAsync(host);
        (status.Position, status.LagEvents, status.State, status.Owner, status.Error).ShouldBe((positions[^1], 0, RelayState.Idle, "host-1", null));
        (await host.HealthAsync("bxb-relay")).Status.ShouldBe(HealthStatus.Healthy);
    }

    [RealKafkaFact]
    public async Task The_stored_offsets_stand_just_behind_the_last_records()
    {
        var host = await _rig.StartRelayAsync();
        var positions = await _rig.AppendManyAsync(600);
        await _rig.CarriedAsync(positions[^1]);
        var contents = await TopicContents.ReadAsync(_rig.Servers, _rig.Topic);
        var stored = (await _rig.Store().ReadAsync(_rig.Topic, CancellationToken.None))!;
        stored.Offsets.ShouldBe(Enumerable.Range(0, 3).Select(p => contents.Records.Where(r => r.Partition == p).Select(r => r.Offset + 1).DefaultIfEmpty().Max()));
        var known = host.Services.GetRequiredService<RelayProgress>().Current!;
        (known.Position, known.TopicId).ShouldBe((stored.Position, stored.TopicId));
        known.Offsets.ShouldBe(stored.Offsets);
    }

    [RealKafkaFact]
    public async Task The_position_passes_gaps_at_the_end_of_the_log()
    {
        await _rig.StartRelayAsync();
        await _rig.CarriedAsync((await _rig.AppendAsync(1))[0]);
        await _rig.ExecuteAsync("select nextval('event_log.position_seq') from generate_series(1, 10)");
        var last = await _rig.ScalarAsync<long>("select last_value from event_log.position_seq");
        await _rig.CarriedAsync(last);
        (await TopicContents.ReadAsync(_rig.Servers, _rig.Topic)).Records.Count.ShouldBe(1);
    }

    [RealKafkaFact]
    public async Task Another_host_takes_over_when_the_active_one_stops_and_repeats_nothing()
    {
        var first = await _rig.StartRelayAsync("host-1");
        var positions = (await _rig.AppendManyAsync(500)).ToList();
        await _rig.CarriedAsync(positions[^1]);
        var second = await _rig.StartRelayAsync("host-2");
        (await second.HealthAsync("bxb-relay")).Description.ShouldBe("waiting for its turn");
        await first.StopAsync();
        positions.AddRange(await _rig.AppendManyAsync(500));
        await _rig.CarriedAsync(positions[^1]);
        (await RelayRig.StatusAsync(second)).Owner.ShouldBe("host-2");
        (await _rig.FindFlushAsync(1)).ShouldNotBeNull("The history stays");
        (await TopicContents.ReadAsync(_rig.Servers, _rig.Topic)).Positions.ShouldBe(positions);
    }

    [RealKafkaFact]
    public async Task What_was_committed_and_not_stored_is_repeated_and_nothing_is_missing()
    {
        await _rig.StartRelayAsync("host-1");
        var positions = (await _rig.AppendManyAsync(400)).ToList();
        await _rig.CarriedAsync(positions[^1]);
        positions.AddRange(await CommitWithoutStoringAsync());

        await _rig.CarriedAsync(positions[^1]);
        var contents = await TopicContents.ReadAsync(_rig.Servers, _rig.Topic);
        contents.Records.Count.ShouldBeGreaterThan(positions.Count);
        contents.WithoutRepeats.Select(r => r.Position).Order().ShouldBe(positions);
        contents.Records.GroupBy(r => r.Position).ShouldAllBe(copies => copies.Select(r => r.Partition).Distinct().Count() == 1);
    }

    [RealKafkaFact]
    public async Task However_often_it_dies_between_the_commit_and_the_stored_position_no_group_is_handed_an_event_twice()
    {
        var journal = new DeliveryJournal();
        var reader = await _rig.StartHostAsync(b => b.Riders(o => o.Owner = "host-1").Group("counting", script: journal.Script("host-1", () => Task.CompletedTask)));
        await _rig.StartRelayAsync("host-2");
        var positions = new List<long>();
        for (var death = 0; death < Deaths; death++)
        {
            positions.AddRange(await _rig.AppendManyAsync(100));
            await _rig.CarriedAsync(positions[^1]);
            positions.AddRange(await CommitWithoutStoringAsync());
            await _rig.CarriedAsync(positions[^1]);
        }

        await reader.WaitForAsync("counting", positions[^1]);
        (await TopicContents.ReadAsync(_rig.Servers, _rig.Topic)).Records.Count.ShouldBeGreaterThanOrEqualTo(positions.Count + Deaths);
        journal.Broken.Take(10).ShouldBeEmpty();
        journal.Processed.ShouldBe(positions);
        journal.Repeats.ShouldBe(0);
    }

    [RealKafkaFact]
    public async Task The_history_turns_positions_into_offsets()
    {
        await _rig.StartRelayAsync();
        var positions = await _rig.AppendManyAsync(600);
        await _rig.CarriedAsync(positions[^1]);
        var start = (await _rig.FindFlushAsync(0))!.Value;
        start.Position.ShouldBe(0);
        start.Offsets.ShouldBe([0, 0, 0]);
        var later = (await _rig.FindFlushAsync(positions[^1]))!.Value;
        later.Position.ShouldBeGreaterThan(0);
        var contents = await TopicContents.ReadAsync(_rig.Servers, _rig.Topic);
        contents.Records.ShouldAllBe(r => (r.Offset >= later.Offsets[r.Partition]) == (r.Position > later.Position));
    }

    /// <summary>A flush is committed on Kafka, its position cannot be stored, and the relay dies over it.</summary>
    private async Task<IReadOnlyList<long>> CommitWithoutStoringAsync()
    {
        var before = (await TopicContents.ReadAsync(_rig.Servers, _rig.Topic)).Records.Count;
        await using var held = await _rig.HoldStateAsync();
        var positions = await _rig.AppendManyAsync(400);
        await Eventually.HoldsAsync(async () => (await TopicContents.ReadAsync(_rig.Servers, _rig.Topic)).Records.Count > before, "A flush is committed");
        await _rig.EndLeasesAsync();
        await Eventually.HoldsAsync(async () => await _rig.ScalarAsync<long>(TakingOver) > 0, "The next one waits for the state");
        return positions;
    }
}

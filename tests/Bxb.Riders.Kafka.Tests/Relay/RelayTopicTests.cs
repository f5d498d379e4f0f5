using Bxb.Testing;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Bxb.Riders.Kafka.Tests.Relay;

/// <summary>What happens to the topic while the relay runs, or before.</summary>
[OnKafka, Trait("broker", "real")]
public sealed class RelayTopicTests : IAsyncLifetime
{
    private readonly RelayRig _rig = new(partitions: 2);

    public Task InitializeAsync() => TestKafka.Home is null ? Task.CompletedTask : _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [RealKafkaFact]
    public async Task A_topic_that_does_not_fit_holds_the_relay_and_is_named_until_it_is_mended()
    {
        using var admin = Admin();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = _rig.Topic, NumPartitions = 1, ReplicationFactor = 1 }]);
        var host = await _rig.StartRelayAsync();
        var positions = await _rig.AppendManyAsync(100);
        await Eventually.HoldsAsync(async () => (await RelayRig.StatusAsync(host)).Error?.Contains("it has 1 partitions and at least 2 are wanted", StringComparison.Ordinal) is true, "What does not fit is said");
        await Eventually.HoldsAsync(async () => (await host.HealthAsync("bxb-relay")).Description?.StartsWith("nothing carried to Kafka for ", StringComparison.Ordinal) is true, "It stands still while there is something to carry");
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = _rig.Topic, IncreaseTo = 2 }]);
        await _rig.CarriedAsync(positions[^1]);
        (await RelayRig.StatusAsync(host)).Error.ShouldBeNull();
        (await host.HealthAsync("bxb-relay")).Status.ShouldBe(HealthStatus.Healthy);
    }

    [RealKafkaFact]
    public async Task Partitions_that_are_added_are_taken_up_behind_a_stored_flush()
    {
        await _rig.StartRelayAsync();
        var positions = (await _rig.AppendManyAsync(200)).ToList();
        await _rig.CarriedAsync(positions[^1]);
        using var admin = Admin();
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = _rig.Topic, IncreaseTo = 5 }]);
        await Eventually.HoldsAsync(async () =>
        {
            positions.AddRange(await _rig.AppendManyAsync(100));
            await _rig.CarriedAsync(positions[^1]);
            return (await _rig.Store().ReadAsync(_rig.Topic, CancellationToken.None))!.Partitions == 5;
        });
        var change = await _rig.ScalarAsync<long>("select min(position) from event_log.relay_flushes where cardinality(offsets) = 5 and kept");
        positions.AddRange(await _rig.AppendManyAsync(200));
        await _rig.CarriedAsync(positions[^1]);

        var contents = await TopicContents.ReadAsync(_rig.Servers, _rig.Topic);
        contents.Positions.ShouldBe(positions);
        contents.Records.ShouldAllBe(r => r.Partition == Kafka.Records.PartitionKey.Partition(System.Text.Encoding.UTF8.GetBytes(r.Key), r.Position <= change ? 2 : 5));
        contents.Records.Where(r => r.Position > change).Select(r => r.Partition).Distinct().Count().ShouldBe(5);
    }

    [RealKafkaFact]
    public async Task A_topic_that_was_deleted_is_made_anew_and_holds_what_some_group_still_needs()
    {
        await _rig.StartRelayAsync();
        var positions = (await _rig.AppendManyAsync(200)).ToList();
        await _rig.CarriedAsync(positions[^1]);
        var before = (await _rig.Store().ReadAsync(_rig.Topic, CancellationToken.None))!;
        await _rig.ExecuteAsync($"""
            insert into event_log.consumer_groups (group_name, partition, progress, owner, owner_epoch, stream)
            values ('a', 0, {positions[^1]}, 'o', 1, 's'), ('b', 0, {positions[79]}, 'o', 1, 's'), ('b', 1, {positions[99]}, 'o', 1, 's')
            """);
        using var admin = Admin();
        await admin.DeleteTopicsAsync([_rig.Topic]);
        positions.AddRange(await _rig.AppendManyAsync(100));
        await Eventually.HoldsAsync(async () => (await _rig.Store().ReadAsync(_rig.Topic, CancellationToken.None))!.TopicId != before.TopicId, "The new topic is noticed");
        await _rig.CarriedAsync(positions[^1]);
        (await TopicContents.ReadAsync(_rig.Servers, _rig.Topic)).WithoutRepeats.Select(r => r.Position).Order().ShouldBe(positions.Skip(80));
        (await _rig.FindFlushAsync(positions[78])).ShouldBeNull();
        (await _rig.FindFlushAsync(positions[79]))!.Value.Offsets.ShouldBe([0, 0]);
    }

    [RealKafkaFact]
    public async Task What_a_topic_has_lost_is_carried_to_it_again()
    {
        var host = await _rig.StartRelayAsync();
        var positions = (await _rig.AppendManyAsync(200)).ToList();
        await _rig.CarriedAsync(positions[^1]);
        await host.StopAsync();

        // As if the topic had held 300 records more, and all of its copies had crashed.
        var place = (await _rig.FindFlushAsync(positions[^1]))!.Value;
        await _rig.ExecuteAsync("insert into event_log.relay_flushes (topic, position, offsets) select topic, position + 100, array[offsets[1] + 100, offsets[2]] from event_log.relay");
        await _rig.ExecuteAsync("update event_log.relay set position = position + 300, offsets = array[offsets[1] + 150, offsets[2] + 150]");
        positions.AddRange(await _rig.AppendManyAsync(400));

        await _rig.StartRelayAsync();
        await _rig.CarriedAsync(positions[^1]);
        (await TopicContents.ReadAsync(_rig.Servers, _rig.Topic)).WithoutRepeats.Select(r => r.Position).Order().ShouldBe(positions);
        (await _rig.ScalarAsync<long>($"select count(*) from event_log.relay_flushes where position between {place.Position + 1} and {positions[^1] - 1} and offsets[1] > 600")).ShouldBe(0);
    }

    private IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _rig.Servers }).SetLogHandler((_, _) => { }).Build();
}

/// <summary>Brokers that go away.</summary>
[OnKafka, Trait("broker", "real")]
public sealed class RelayOutageTests
{
    [RealKafkaFact]
    public async Task While_brokers_are_away_ingest_goes_on_and_the_relay_catches_up()
    {
        await using var cluster = await TestKafka.StartClusterAsync(1);
        await using var rig = new RelayRig(cluster: cluster);
        await rig.StartAsync();
        var host = await rig.StartRelayAsync();
        var positions = (await rig.AppendManyAsync(400)).ToList();
        await rig.CarriedAsync(positions[^1]);

        await cluster.KillAsync(1);
        positions.AddRange(await rig.AppendManyAsync(1_000));
        await Eventually.HoldsAsync(async () => (await host.HealthAsync("bxb-relay")).Description?.StartsWith("nothing carried to Kafka for ", StringComparison.Ordinal) is true, "It stands still");
        await Eventually.HoldsAsync(async () => (await RelayRig.StatusAsync(host)).Error is not null, "It says why");
        var status = await RelayRig.StatusAsync(host);
        (status.LagEvents, status.State).ShouldBe((1_000, Transport.RelayState.Retrying));
        status.Error.ShouldNotBeNull().ShouldStartWith("The brokers take long to commit: ");
        await cluster.RestartAsync(1);

        await rig.CarriedAsync(positions[^1]);
        (await TopicContents.ReadAsync(rig.Servers, rig.Topic)).WithoutRepeats.Select(r => r.Position).Order().ShouldBe(positions);
        await Eventually.HoldsAsync(async () => (await host.HealthAsync("bxb-relay")).Status == HealthStatus.Healthy, "All is well again");
    }
}

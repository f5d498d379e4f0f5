using Bxb.Riders.Compliance;
using Bxb.Riders.Kafka.Tests.Compliance;
using Bxb.Riders.Replays;
using Bxb.Testing;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Riders.Kafka.Tests.Consuming;

/// <summary>Replays that know of offsets and partitions, and of what a topic has forgotten.</summary>
[OnKafka]
public sealed class KafkaReplayTests : IAsyncLifetime
{
    private const string Group = "replayed";
    private readonly KafkaRig _rig = new(partitions: 3);

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [InlineData(ReplaySource.Kafka)]
    [InlineData(ReplaySource.Log)]
    public async Task Every_partition_repeats_its_own_records_in_order_wherever_they_are_read(ReplaySource source)
    {
        var (host, positions) = await ProcessAsync();
        var first = host.Stage.Delivered.ToList();
        var asked = (await Replays(host).StartAsync(Group, new(new(Position: 0), Source: source), CancellationToken.None)).ShouldNotBeNull();
        asked.Source.ShouldBe(source);
        (await EndAsync(host, asked.Id)).Events.ShouldBe(positions.Count);
        var again = host.Stage.Delivered.Skip(first.Count).ToList();
        again.ShouldAllBe(d => d.IsRepeat);
        again.SelectMany(d => d.Positions).Order().ShouldBe(positions);

        // Each partition's records come in its own order.
        foreach (var partition in (await _rig.ReadTopicAsync(60)).GroupBy(r => r.Partition.Value))
        {
            var mine = partition.Select(PositionOf).ToHashSet();
            again.SelectMany(d => d.Positions).Where(mine.Contains).ShouldBe(mine.Order());
        }

        var fresh = await AppendAsync(1);
        await host.WaitForAsync(Group, fresh[^1]);
        host.Stage.Delivered.Skip(first.Count + again.Count).ShouldAllBe(d => !d.IsRepeat);
    }

    [Fact]
    public async Task Offsets_say_where_a_partition_begins_and_ends_and_leave_the_others_alone()
    {
        var (host, _) = await ProcessAsync();
        var records = (await _rig.ReadTopicAsync(60)).GroupBy(r => r.Partition.Value).OrderByDescending(g => g.Count()).First().OrderBy(r => r.Offset.Value).ToList();
        var partition = records[0].Partition.Value;
        var (from, to) = (records[3].Offset.Value, records[8].Offset.Value);
        var first = host.Stage.Delivered.Count;
        var asked = await Replays(host).StartAsync(
            Group, new(new(Offsets: new Dictionary<int, long> { [partition] = from }), new(Offsets: new Dictionary<int, long> { [partition] = to })), CancellationToken.None);
        (await EndAsync(host, asked!.Id)).Events.ShouldBe(5);
        host.Stage.Delivered.Skip(first).SelectMany(d => d.Positions).ShouldBe(records.Skip(3).Take(5).Select(PositionOf));
        asked = await Replays(host).StartAsync(Group, new(new(Offsets: new Dictionary<int, long> { [partition] = from })), CancellationToken.None);
        (await EndAsync(host, asked!.Id)).Events.ShouldBe(records.Count - 3);
        (await RefusedAsync(host, new(new(Offsets: new Dictionary<int, long> { [partition] = 1_000_000 })))).Message.ShouldContain("Offset 1000000 is not held");
        (await RefusedAsync(host, new(new(Offsets: new Dictionary<int, long> { [7] = 0 })))).Message.ShouldContain("no partition 7");
    }

    [Fact]
    public async Task What_the_topic_has_forgotten_comes_from_the_event_log_and_says_so()
    {
        if (TestKafka.Home is null)
        {
            // The mock cluster deletes nothing.
            return;
        }

        var (host, positions) = await ProcessAsync();
        var last = (await _rig.ReadTopicAsync(60)).GroupBy(r => r.Partition.Value).Select(g => new TopicPartitionOffset(_rig.Topic, g.Key, g.Max(r => r.Offset.Value))).ToList();
        await _rig.DeleteRecordsAsync(last);
        var first = host.Stage.Delivered.Count;
        (await RefusedAsync(host, new(new(Position: 0), Source: ReplaySource.Kafka))).Message.ShouldContain("no longer holds position 1: its retention has left everything from position ");
        var asked = (await Replays(host).StartAsync(Group, new(new(Position: 0)), CancellationToken.None)).ShouldNotBeNull();
        asked.Source.ShouldBe(ReplaySource.Log);
        asked.Note.ShouldNotBeNull().ShouldEndWith("So the event log is read.");
        (await EndAsync(host, asked.Id)).Events.ShouldBe(positions.Count);
        host.Stage.Delivered.Skip(first).SelectMany(d => d.Positions).Order().ShouldBe(positions);
    }

    [Fact]
    public async Task A_group_that_comes_too_late_for_the_topic_misses_nothing()
    {
        if (TestKafka.Home is null)
        {
            return;
        }

        var (_, positions) = await ProcessAsync();
        var last = (await _rig.ReadTopicAsync(60)).GroupBy(r => r.Partition.Value).Select(g => new TopicPartitionOffset(_rig.Topic, g.Key, g.Max(r => r.Offset.Value))).ToList();
        await _rig.DeleteRecordsAsync(last);
        var late = await _rig.StartHostAsync(b => b.Group("late", o => o.MaxBatch = 7));
        var fresh = await AppendAsync(1);
        await late.WaitForAsync("late", fresh[^1]);
        late.Stage.Positions("late").Order().ShouldBe([.. positions, .. fresh]);
        late.Stage.Delivered.ShouldAllBe(d => !d.IsRepeat);
    }

    private async Task<(ComplianceHost Host, IReadOnlyList<long> Positions)> ProcessAsync()
    {
        var host = await _rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 7));
        var positions = await AppendAsync(10);
        await host.WaitForAsync(Group, positions[^1]);
        return (host, positions);
    }

    /// <summary>Events of six customers, so that every partition has some.</summary>
    private async Task<IReadOnlyList<long>> AppendAsync(int each)
    {
        var positions = new List<long>();
        for (var organization = 1; organization <= 6; organization++)
        {
            positions.AddRange(await _rig.AppendAsync(each, organization));
        }

        return positions;
    }

    private static long PositionOf(ConsumeResult<byte[], byte[]> record) =>
        System.Text.Json.JsonDocument.Parse(record.Message.Value).RootElement.GetProperty("position").GetInt64();

    private static GroupReplays Replays(ComplianceHost host) => host.Services.GetRequiredService<GroupReplays>();

    private static Task<ReplayRefusedException> RefusedAsync(ComplianceHost host, ReplayRequest request) =>
        Should.ThrowAsync<ReplayRefusedException>(() => Replays(host).StartAsync(Group, request, CancellationToken.None));

    private static async Task<ReplayStatus> EndAsync(ComplianceHost host, long id)
    {
        ReplayStatus? replay = null;
        await Eventually.HoldsAsync(async () => (replay = await Replays(host).GetAsync(Group, id, CancellationToken.None)) is { IsOver: true }, "The replay ends");
        return replay!;
    }
}

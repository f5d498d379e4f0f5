using System.Text;
using System.Text.Json;
using Bxb.Riders.Compliance;
using Bxb.Riders.Kafka.Records;
using Bxb.Riders.Transport;
using Bxb.Testing;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Bxb.Riders.Kafka.Tests.Relay;

/// <summary>Events whose records are too large for the topic: the relay goes on, groups miss nothing, and a requeued one comes into the topic whole.</summary>
[OnKafka, Trait("broker", "real")]
public sealed class OversizedRecordTests : IAsyncLifetime
{
    private const string Group = "counting";
    private const int Large = 20_000;

    private readonly RelayRig _rig = new(partitions: 1) { PadsWithNoise = true };

    public Task InitializeAsync() => TestKafka.Home is null ? Task.CompletedTask : _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [RealKafkaFact]
    public async Task An_event_above_our_own_limit_becomes_a_dead_letter_and_groups_read_it_from_the_log_in_its_order()
    {
        var host = await StartAsync(o => o.MaxRecordBytes = 10_000);
        var positions = await AppendAsync();
        await host.WaitForAsync(Group, positions[^1]);
        await _rig.CarriedAsync(positions[^1]);
        host.Stage.Positions(Group).ShouldBe(positions);
        host.Stage.Delivered.ShouldAllBe(d => !d.IsRepeat);
        var letter = (await LettersAsync(host)).ShouldHaveSingleItem();
        (letter.Position, letter.State, letter.Topic, letter.Partition, letter.Attempts).ShouldBe((positions[1], DeadLetterState.Pending, _rig.Topic, 0, 1));
        letter.Reason.ShouldMatch(@"^The record has 2\d{4} bytes, and Bxb:Kafka:MaxRecordBytes is 10000\.$");
        JsonDocument.Parse(letter.Record).RootElement.GetProperty("properties").GetProperty("pad").GetString()!.Length.ShouldBe(Large);
        var status = await RelayRig.StatusAsync(host);
        (status.State, status.Error, status.Position).ShouldBe((RelayState.Idle, null, positions[^1]));
        (await host.HealthAsync("bxb-relay")).Status.ShouldBe(HealthStatus.Healthy);
        var note = (await ReadAsync(3))[1];
        Encoding.UTF8.GetString(note.Message.Value).ShouldMatch($$"""^\{"schema":"usage-event-omitted\.v1","position":{{positions[1]}},"bytes":2\d{4},"limit":10000\}$""");
        Encoding.UTF8.GetString(note.Message.Headers.GetLastBytes("bxb-schema")).ShouldBe(OmittedEvent.Schema);
        note.Message.Headers.TryGetLastBytes("ce_id", out _).ShouldBeFalse();

        // With the same limit it cannot be written; with a higher one it can.
        await host.DeadLetters.RequeueAsync(letter.Id, organizationId: null, CancellationToken.None);
        await Eventually.HoldsAsync(async () => (await LettersAsync(host)).Single() is { State: DeadLetterState.Pending, Attempts: 2 }, "It is put back");
        await host.StopAsync();
        await SetLimitAsync(100_000);
        var next = await StartAsync(o => o.MaxRecordBytes = 100_000, "host-2");
        await next.DeadLetters.RequeueManyAsync(new DeadLetterSelection(DeadLetter.RelayGroup), CancellationToken.None);
        await Eventually.HoldsAsync(async () => (await LettersAsync(next)).Count == 0, "It is written");
        Positions(await ReadAsync(4)).ShouldBe([.. positions, positions[1]]);
        var last = (await _rig.AppendAsync(1))[0];
        await next.WaitForAsync(Group, last);
        next.Stage.Positions(Group).ShouldBe([last], "The group had it already");
    }

    [RealKafkaFact]
    public async Task A_limit_of_the_topic_that_is_lowered_under_a_running_relay_stops_nobody_and_a_raised_one_is_noticed_at_a_requeue()
    {
        var host = await StartAsync(_ => { });
        var first = (await _rig.AppendAsync(1))[0];
        await host.WaitForAsync(Group, first);
        await SetLimitAsync(10_000);
        var positions = await AppendAsync();
        var more = await _rig.AppendAsync(300, padding: 500);
        await host.WaitForAsync(Group, more[^1]);
        await _rig.CarriedAsync(more[^1]);
        host.Stage.Positions(Group).ShouldBe([first, .. positions, .. more]);
        var letter = (await LettersAsync(host)).ShouldHaveSingleItem();
        letter.Position.ShouldBe(positions[1]);
        letter.Reason.ShouldMatch($@"^The record has 2\d{{4}} bytes, and the topic {_rig.Topic} takes 10000 \(max\.message\.bytes\)\.$");
        (await RelayRig.StatusAsync(host)).Error.ShouldBeNull();

        await SetLimitAsync(1_000_000);
        await host.DeadLetters.RequeueAsync(letter.Id, organizationId: null, CancellationToken.None);
        await Eventually.HoldsAsync(async () => (await LettersAsync(host)).Count == 0, "It is written");
        var large = (await _rig.AppendAsync(1, padding: Large))[0];
        await host.WaitForAsync(Group, large);
        await _rig.CarriedAsync(large);
        (await LettersAsync(host)).ShouldBeEmpty("The raised limit holds for what is new");
        host.Stage.Positions(Group).ShouldBe([first, .. positions, .. more, large]);
        Positions(await ReadAsync(1 + 3 + 300 + 2)).ShouldBe([first, .. positions, .. more, positions[1], large]);
    }

    [RealKafkaFact]
    public async Task A_group_that_goes_back_or_begins_later_reads_it_again()
    {
        var host = await StartAsync(o => o.MaxRecordBytes = 10_000);
        var positions = await AppendAsync();
        await host.WaitForAsync(Group, positions[^1]);
        await host.StopAsync();
        var again = await _rig.StartHostAsync(b =>
        {
            b.Riders(o => o.Owner = "host-2").Group(Group, o => o.DurableProgress = (_, _, _) => ValueTask.FromResult(0L)).Group("later");
            b.Services.PostConfigure<KafkaOptions>(o => o.MaxRecordBytes = 10_000);
        });
        foreach (var group in (string[])[Group, "later"])
        {
            await Eventually.HoldsAsync(() => again.Stage.Positions(group).Count >= positions.Count, $"{group} has read them");
            again.Stage.Positions(group).ShouldBe(positions);
        }
    }

    [RealKafkaFact]
    public async Task A_discarded_letter_stays_and_one_of_an_event_that_left_the_log_is_put_back()
    {
        var host = await StartAsync(o => o.MaxRecordBytes = 10_000);
        var positions = (await AppendAsync()).Concat(await AppendAsync()).ToList();
        await _rig.CarriedAsync(positions[^1]);
        var letters = await LettersAsync(host);
        letters.Select(l => l.Position).ShouldBe([positions[4], positions[1]]);
        (await host.DeadLetters.DiscardAsync(letters[0].Id, "Readers of the topic do without it.", organizationId: null, CancellationToken.None))!.State.ShouldBe(DeadLetterState.Discarded);
        await _rig.ExecuteAsync($"delete from event_log.events where position = {positions[1]}");
        await host.DeadLetters.RequeueManyAsync(new DeadLetterSelection(DeadLetter.RelayGroup), CancellationToken.None);
        await Eventually.HoldsAsync(async () => (await LettersAsync(host))[1] is { State: DeadLetterState.Pending, Reason: "The event is no longer in the log." }, "It is put back");
        (await LettersAsync(host))[0].State.ShouldBe(DeadLetterState.Discarded);
    }

    private Task<ComplianceHost> StartAsync(Action<KafkaOptions> configure, string owner = "host-1") => _rig.StartHostAsync(b =>
    {
        b.Riders(o => o.Owner = owner).Group(Group);
        b.Services.PostConfigure(configure);
    });

    /// <summary>A small event, a large one, a small one.</summary>
    private async Task<IReadOnlyList<long>> AppendAsync() => [.. await _rig.AppendAsync(1), .. await _rig.AppendAsync(1, padding: Large), .. await _rig.AppendAsync(1)];

    private static Task<IReadOnlyList<DeadLetter>> LettersAsync(ComplianceHost host) => host.DeadLetters.ListAsync(new DeadLetterFilter(DeadLetter.RelayGroup), CancellationToken.None);

    private static IEnumerable<long> Positions(IEnumerable<ConsumeResult<byte[], byte[]>> records) => records.Select(r => long.Parse(Encoding.UTF8.GetString(r.Message.Headers.GetLastBytes("bxb-position"))));

    private async Task SetLimitAsync(int bytes)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _rig.Servers }).SetLogHandler((_, _) => { }).Build();
        var entry = new ConfigEntry { Name = "max.message.bytes", Value = bytes.ToString(), IncrementalOperation = AlterConfigOpType.Set };
        await admin.IncrementalAlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>> { [new ConfigResource { Type = ResourceType.Topic, Name = _rig.Topic }] = [entry] });
    }

    private Task<List<ConsumeResult<byte[], byte[]>>> ReadAsync(int count) => Task.Run(() =>
    {
        var config = new ConsumerConfig { BootstrapServers = _rig.Servers, GroupId = "reader", EnableAutoCommit = false, IsolationLevel = IsolationLevel.ReadCommitted };
        using var client = new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler((_, _) => { }).Build();
        client.Assign(new TopicPartitionOffset(_rig.Topic, 0, Offset.Beginning));
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var read = new List<ConsumeResult<byte[], byte[]>>();
        while (read.Count < count)
        {
            read.Add(client.Consume(limit.Token));
        }

        return read;
    });
}

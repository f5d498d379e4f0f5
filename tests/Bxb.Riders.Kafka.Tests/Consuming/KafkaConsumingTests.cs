using Bxb.Riders.Compliance;
using Bxb.Riders.Kafka.Records;
using Bxb.Riders.Kafka.Tests.Brokers;
using Bxb.Riders.Kafka.Tests.Compliance;
using Bxb.Testing;
using Confluent.Kafka;
using Npgsql;

namespace Bxb.Riders.Kafka.Tests.Consuming;

/// <summary>What the rider makes of a topic that holds more than a log does: repeats, foreign values, partitions without records.</summary>
[OnKafka]
public sealed class KafkaConsumingTests : IAsyncLifetime
{
    private const string Group = "consuming";
    private readonly KafkaRig _rig = new(partitions: 3);

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Records_that_a_killed_relay_wrote_twice_are_delivered_once()
    {
        var host = await _rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 7));
        var first = await _rig.AppendAsync(20);
        await host.WaitForAsync(Group, first[^1]);
        var copies = await _rig.ReadTopicAsync(20);
        using (var producer = _rig.Producer())
        {
            foreach (var copy in copies)
            {
                await producer.ProduceAsync(copy.TopicPartition, copy.Message);
            }
        }

        var second = await _rig.AppendAsync(20);
        await host.WaitForAsync(Group, second[^1]);
        host.Stage.Positions(Group).ShouldBe(first.Concat(second));

        // A group that begins with the topic meets both copies.
        var late = await _rig.StartHostAsync(b => b.Group("late"));
        await late.WaitForAsync("late", second[^1]);
        late.Stage.Positions("late").ShouldBe(first.Concat(second));
        late.Stage.Delivered.ShouldAllBe(d => !d.IsRepeat);
    }

    [Fact]
    public async Task What_cannot_be_read_goes_to_the_dead_letters_and_stops_nobody()
    {
        var host = await _rig.StartHostAsync(b => b.Group(Group));
        var before = await _rig.AppendAsync(5);
        await host.WaitForAsync(Group, before[^1]);
        var place = (await _rig.ReadTopicAsync(5))[0].TopicPartition;
        using (var producer = _rig.Producer())
        {
            await producer.ProduceAsync(place, new Message<byte[], byte[]> { Value = "no record"u8.ToArray() });
            await producer.ProduceAsync(place, new Message<byte[], byte[]> { Value = "{\"schema\":\"usage-event.v2\",\"position\":987654321}"u8.ToArray() });
        }

        var after = await _rig.AppendAsync(5);
        await host.WaitForAsync(Group, after[^1]);
        host.Stage.Positions(Group).ShouldBe(before.Concat(after));
        var letters = await host.DeadLetters.ListAsync(new DeadLetterFilter(Group), CancellationToken.None);
        letters.Select(l => l.Position).ShouldBe([987654321, 0], ignoreOrder: true);
        letters.Single(l => l.Position == 987654321).Reason.ShouldContain("usage-event.v2");
        System.Text.Encoding.UTF8.GetString(letters.Single(l => l.Position == 0).Record.Span).ShouldContain(Convert.ToBase64String("no record"u8.ToArray()));
    }

    [Fact]
    public async Task In_the_place_of_a_note_the_event_is_read_from_the_log_and_a_missing_one_stops_nobody()
    {
        const string Insert = """
            insert into event_log.events (position, organization_id, kind, timestamp, ingested_at, digest, source, transaction_id, external_customer_id, code, properties)
            select {0}, organization_id, kind, timestamp, ingested_at, digest, source, 'omitted', external_customer_id, code, properties from event_log.events where position = {1}
            """;
        var host = await _rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 2));
        var before = await _rig.AppendAsync(5);
        var omitted = await _rig.ScalarAsync<long>("select nextval('event_log.position_seq')");
        var missing = await _rig.ScalarAsync<long>("select nextval('event_log.position_seq')");
        await host.WaitForAsync(Group, missing);
        await _rig.ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, Insert, omitted, before[0]));
        var place = (await _rig.ReadTopicAsync(5))[0].TopicPartition;
        using (var producer = _rig.Producer())
        {
            foreach (var position in (long[])[omitted, omitted, missing])
            {
                await producer.ProduceAsync(place, new Message<byte[], byte[]> { Value = OmittedEvent.Write(position, bytes: 20_000, limit: 10_000) });
            }
        }

        // The group has passed these positions; a group that begins meets them in their order.
        var after = await _rig.AppendAsync(5);
        var late = await _rig.StartHostAsync(b => b.Group("late", o => o.MaxBatch = 2));
        await late.WaitForAsync("late", after[^1]);
        late.Stage.Positions("late").ShouldBe([.. before, omitted, .. after]);
        late.Stage.Delivered.ShouldAllBe(d => !d.IsRepeat);
        var letter = (await late.DeadLetters.ListAsync(new DeadLetterFilter("late"), CancellationToken.None)).ShouldHaveSingleItem();
        (letter.Position, letter.Reason).ShouldBe((missing, "The record was too large for the topic, and the log no longer holds it."));
        await host.WaitForAsync(Group, after[^1]);
        host.Stage.Positions(Group).ShouldBe([.. before, .. after]);
    }

    [Fact]
    public async Task Partitions_without_records_hold_no_position_back()
    {
        var host = await _rig.StartHostAsync(b => b.Group(Group));

        // One customer: two of the three partitions have nothing at all.
        var positions = await _rig.AppendAsync(3);
        await host.WaitForAsync(Group, positions[^1]);
        var status = (await host.Groups.GetAsync(Group, CancellationToken.None))!;
        status.Partitions.Count.ShouldBe(3);
        var last = positions[^1];
        status.Partitions.ShouldAllBe(p => p.Position >= last && p.LagEvents == 0);
        status.Partitions.Count(p => p.Offset > 0).ShouldBe(1);
    }

    [Fact]
    public async Task Batches_say_where_they_come_from_and_their_edges_are_stored_with_offsets_before_the_work()
    {
        var gate = new TaskCompletionSource();
        var seen = new TaskCompletionSource<(string? Topic, int Partition, long First, long Last)>();
        var host = await _rig.StartHostAsync(b => b.Group(Group, script: (batch, _) =>
        {
            seen.TrySetResult((batch.Topic, batch.Partition, batch.FirstOffset, batch.LastOffset));
            return gate.Task;
        }));
        var positions = await _rig.AppendAsync(4);
        var origin = await seen.Task;
        origin.Topic.ShouldBe(_rig.Topic);
        (origin.Last - origin.First).ShouldBe(3);
        await using (var row = _rig.Database.CreateCommand(
            "select stream, in_flight_first, in_flight_last, in_flight_first_offset, in_flight_last_offset from event_log.consumer_groups where in_flight_first is not null"))
        await using (var reader = await row.ExecuteReaderAsync())
        {
            (await reader.ReadAsync()).ShouldBeTrue();
            reader.GetString(0).ShouldStartWith($"kafka/{_rig.Topic}/");
            (reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4)).ShouldBe((positions[0], positions[^1], origin.First, origin.Last));
        }

        gate.SetResult();
        await host.WaitForAsync(Group, positions[^1]);
    }

    [Fact]
    public async Task A_consumer_that_stores_progress_in_its_own_transaction_is_never_given_a_record_twice()
    {
        await _rig.ExecuteAsync("create table public.results (position bigint primary key)");
        var crash = true;
        Script script = async (batch, token) =>
        {
            await using var connection = await _rig.Database.OpenConnectionAsync(token);
            await using var transaction = await connection.BeginTransactionAsync(token);
            for (var i = 0; i < batch.Count; i++)
            {
                await using var insert = new NpgsqlCommand("insert into public.results values ($1)", connection, transaction) { Parameters = { new() { Value = batch[i].Position } } };
                await insert.ExecuteNonQueryAsync(token);
            }

            await batch.StoreProgressAsync(transaction, token);
            await transaction.CommitAsync(token);
            if (Interlocked.Exchange(ref crash, false))
            {
                // Everything is committed, and nobody hears of it.
                await Task.Delay(Timeout.Infinite, token);
            }
        };
        var first = await _rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 4, script));
        var positions = await _rig.AppendAsync(10);
        await Eventually.HoldsAsync(async () => await _rig.ScalarAsync<long>("select count(*) from public.results") == 4, "The first batch is committed");
        await _rig.EndLeasesAsync();
        var second = await _rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 4, script));
        await second.WaitForAsync(Group, positions[^1]);
        (await _rig.ScalarAsync<long>("select count(*) from public.results")).ShouldBe(10);
        first.Stage.Positions(Group).Concat(second.Stage.Positions(Group)).ShouldBe(positions);
    }

    [Fact]
    public async Task A_slow_consumer_pauses_its_partition_and_gets_everything_in_order()
    {
        var host = _rig.BuildHost(b => b.Group(Group, o => (o.MaxBatch, o.MaxBatchBytes) = (50, 64 * 1024), async (_, token) => await Task.Yield()));
        var positions = new List<long>();
        for (var i = 0; i < 8; i++)
        {
            positions.AddRange(await _rig.AppendAsync(200, padding: 4_000));
        }

        await host.StartAsync();
        await host.WaitForAsync(Group, positions[^1]);
        host.Stage.Positions(Group).ShouldBe(positions);
    }

    [Fact]
    public async Task A_group_comes_over_from_the_log_and_goes_back_without_a_gap_or_a_repeat_of_what_was_settled()
    {
        var before = new TransportRigOverLog(_rig);
        var onLog = await before.StartHostAsync(b => b.Group(Group));
        var first = await _rig.AppendAsync(10);
        await onLog.WaitForAsync(Group, first[^1]);
        await onLog.StopAsync();

        var second = await _rig.AppendAsync(10);
        var onKafka = await _rig.StartHostAsync(b => b.Group(Group));
        await onKafka.WaitForAsync(Group, second[^1]);
        await onKafka.StopAsync();
        onKafka.Stage.Positions(Group).ShouldBe(second);

        var third = await _rig.AppendAsync(10);
        var back = await before.StartHostAsync(b => b.Group(Group));
        await back.WaitForAsync(Group, third[^1]);
        back.Stage.Delivered.Where(d => !d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(third);
        await before.DisposeAsync();
    }
}

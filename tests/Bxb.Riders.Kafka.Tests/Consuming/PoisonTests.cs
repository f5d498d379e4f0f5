using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Bxb.Riders.Compliance;
using Bxb.Riders.Kafka.Tests.Compliance;
using Bxb.Testing;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Tests.Consuming;

/// <summary>A handler that throws for one event in ten thousand.</summary>
[OnKafka]
public sealed class PoisonTests : IAsyncLifetime
{
    private const string Group = "poisoned";
    private const int Events = 30_000;
    private const int OneIn = 10_000;

    private readonly KafkaRig _rig = new(partitions: 12) { Customers = 500 };
    private readonly ConcurrentDictionary<long, int> _processed = new();
    private readonly HashSet<long> _poison = [];
    private volatile bool _fixed;

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [RealKafkaFact]
    public async Task The_rest_arrives_the_poison_is_put_aside_with_its_reason_and_comes_again_after_the_fix()
    {
        var positions = new List<long>();
        while (positions.Count < Events)
        {
            positions.AddRange(await _rig.AppendAsync(OneIn));
            _poison.Add(positions[^(OneIn / 3)]);
        }

        var host = await _rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 5_000, HandleAsync));
        await host.WaitForAsync(Group, positions[^1]);
        _processed.Keys.Order().ShouldBe(positions.Where(p => !_poison.Contains(p)));
        _processed.Values.ShouldAllBe(times => times == 1);
        var letters = await host.DeadLetters.ListAsync(new DeadLetterFilter(Group), CancellationToken.None);
        letters.Select(l => l.Position).ShouldBe(_poison, ignoreOrder: true);
        letters.ShouldAllBe(l => l.State == DeadLetterState.Pending && l.Attempts == 1 && l.Reason == $"FormatException: Event {l.Position} is poison.");
        await PublishedAsync();

        _fixed = true;
        foreach (var letter in letters)
        {
            (await host.DeadLetters.RequeueAsync(letter.Id, organizationId: null, CancellationToken.None)).ShouldNotBeNull();
        }

        await Eventually.HoldsAsync(() => _processed.Count == Events, "The poison is processed");
        await Eventually.HoldsAsync(async () => (await host.DeadLetters.ListAsync(new DeadLetterFilter(Group), CancellationToken.None)).Count == 0, "No dead letter is left");
        _processed.Values.ShouldAllBe(times => times == 1);
    }

    [RealKafkaFact]
    public async Task A_dead_letter_that_is_too_large_for_its_topic_holds_up_no_other()
    {
        const string Put = """
            insert into event_log.dead_letters (group_name, position, organization_id, code, record, reason, exception)
            select 'large', n, 1, 'api_calls', jsonb_build_object('pad', repeat('x', case n when 1 then 3000000 else 1 end)), 'no', 'no' from generate_series(1, 3) n
            """;
        await _rig.ExecuteAsync(Put);
        var letters = await _rig.ReadAsync($"{_rig.Topic}.large.dead-letter", partitions: 1, 2);
        letters.Select(l => Number(l, "bxb-position")).ShouldBe([2, 3]);
        await Eventually.HoldsAsync(async () => await _rig.ScalarAsync<long>("select count(*) from event_log.dead_letters where attempts > published_attempts") == 0, "None waits");
    }

    private Task HandleAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        var positions = Delivered.From(batch).Positions;
        if (!_fixed && positions.FirstOrDefault(_poison.Contains) is var bad and > 0)
        {
            throw new FormatException($"Event {bad} is poison.");
        }

        foreach (var position in positions)
        {
            _processed.AddOrUpdate(position, 1, (_, times) => times + 1);
        }

        return Task.CompletedTask;
    }

    /// <summary>Whoever watches the topic of dead letters with a client of his own sees each whole, why it is there, and where it stood.</summary>
    private async Task PublishedAsync()
    {
        var letters = await _rig.ReadAsync($"{_rig.Topic}.{Group}.dead-letter", partitions: 1, _poison.Count);
        letters.Select(l => Number(l, "bxb-position")).ShouldBe(_poison, ignoreOrder: true);
        var topic = (await _rig.ReadTopicAsync(Events)).ToDictionary(r => r.TopicPartitionOffset);
        foreach (var letter in letters)
        {
            var position = Number(letter, "bxb-position");
            Text(letter, "bxb-group").ShouldBe(Group);
            Text(letter, "bxb-reason").ShouldBe($"FormatException: Event {position} is poison.");
            Text(letter, "bxb-exception").ShouldContain(nameof(HandleAsync));
            Number(letter, "bxb-attempts").ShouldBe(1);
            var origin = topic[new TopicPartitionOffset(Text(letter, "bxb-origin-topic"), (int)Number(letter, "bxb-origin-partition"), Number(letter, "bxb-origin-offset"))];
            letter.Message.Key.ShouldBe(origin.Message.Key);
            using var value = JsonDocument.Parse(letter.Message.Value);
            using var original = JsonDocument.Parse(origin.Message.Value);
            value.RootElement.GetProperty("position").GetInt64().ShouldBe(position);
            original.RootElement.GetProperty("position").GetInt64().ShouldBe(position);
            value.RootElement.GetProperty("transaction_id").GetString().ShouldBe(original.RootElement.GetProperty("transaction_id").GetString());
            JsonElement.DeepEquals(value.RootElement.GetProperty("properties"), original.RootElement.GetProperty("properties")).ShouldBeTrue();
        }
    }

    private static string Text(ConsumeResult<byte[], byte[]> record, string header) => Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes(header));

    private static long Number(ConsumeResult<byte[], byte[]> record, string header) => long.Parse(Text(record, header));
}

using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;
using Bxb.Riders.Kafka.Relay;
using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.Riders.Kafka.Tests.Compliance;

/// <summary>
/// Carries the log to a topic without transactions, for the mock cluster, which has none: what a rider sees of a relay is the records and the stored state, and these are the same.
/// </summary>
internal sealed class PlainRelay(EventLogReader log, SettledPosition settled, NpgsqlDataSource database, IOptions<KafkaOptions> options, KafkaClients clients, RelayProgress progress) : BackgroundService
{
    private const string Begin = """
        insert into event_log.relay (topic, topic_id, partitions, position, offsets, epoch, owner) values ($1, 'plain', cardinality($3), $2, $3, 0, 'plain')
        on conflict (topic) do update set position = excluded.position, offsets = excluded.offsets
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var topic = options.Value.Topic;
        using var producer = new ProducerBuilder<byte[], byte[]>(clients.Producer("plain-relay")).SetLogHandler((_, _) => { }).Build();
        var offsets = new long[options.Value.Partitions];
        var writer = new UsageEventWriter();
        for (var position = 0L; ;)
        {
            await StoreAsync(topic, position, offsets, stoppingToken);
            var upTo = await settled.WaitBeyondAsync(position, stoppingToken);
            using var records = EventRecords.Rent();
            await log.ReadAsync(position, upTo, 10_000, int.MaxValue, records, stoppingToken);
            var sent = new List<Task<DeliveryResult<byte[], byte[]>>>();
            for (var i = 0; i < records.Count; i++)
            {
                var place = new TopicPartition(topic, PartitionKey.Partition(records[i], offsets.Length));
                sent.Add(producer.ProduceAsync(place, new Message<byte[], byte[]> { Key = PartitionKey.Create(records[i]), Value = writer.Write(records[i]).ToArray() }, stoppingToken));
            }

            foreach (var delivered in await Task.WhenAll(sent))
            {
                offsets[delivered.Partition.Value] = Math.Max(offsets[delivered.Partition.Value], delivered.Offset.Value + 1);
            }

            position = records.Count == 10_000 ? records.LastPosition : upTo;
        }
    }

    private async Task StoreAsync(string topic, long position, long[] offsets, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Begin);
        command.Parameters.Add(new() { Value = topic });
        command.Parameters.Add(new() { Value = position });
        command.Parameters.Add(new() { Value = offsets });
        await command.ExecuteNonQueryAsync(cancellationToken);
        progress.Publish(new RelayCheckpoint(topic, "plain", position, [.. offsets]));
    }
}

using System.Text;
using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Tests.Relay;

/// <summary>One record of a topic.</summary>
internal sealed record TopicRecord(int Partition, long Offset, long Position, string Key, Headers Headers, byte[] Value);

/// <summary>Everything that readers of committed records find in a topic, partition by partition, in order.</summary>
internal sealed class TopicContents
{
    private TopicContents(IReadOnlyList<TopicRecord> records) => Records = records;

    public IReadOnlyList<TopicRecord> Records { get; }

    /// <summary>The positions, the lowest first, repeats included.</summary>
    public IReadOnlyList<long> Positions => [.. Records.Select(r => r.Position).Order()];

    /// <summary>What is left when each partition's reader drops what is not above its last position: as our consumers do.</summary>
    public IReadOnlyList<TopicRecord> WithoutRepeats
    {
        get
        {
            var last = new Dictionary<int, long>();
            var kept = new List<TopicRecord>();
            foreach (var record in Records)
            {
                if (record.Position > last.GetValueOrDefault(record.Partition))
                {
                    last[record.Partition] = record.Position;
                    kept.Add(record);
                }
            }

            return kept;
        }
    }

    /// <summary>Reads all partitions from their beginning to their present end.</summary>
    public static Task<TopicContents> ReadAsync(string servers, string topic) => Task.Run(() =>
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).SetLogHandler((_, _) => { }).Build();
        var partitions = admin.GetMetadata(topic, TimeSpan.FromSeconds(20)).Topics.Single().Partitions.Select(p => new TopicPartitionOffset(topic, p.PartitionId, Offset.Beginning)).ToList();
        var config = new ConsumerConfig
        {
            BootstrapServers = servers, GroupId = "reader", EnableAutoCommit = false, EnablePartitionEof = true, IsolationLevel = IsolationLevel.ReadCommitted,
        };
        using var consumer = new ConsumerBuilder<string, byte[]>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        consumer.Assign(partitions);
        var records = new List<TopicRecord>();
        var ended = new HashSet<int>();
        while (ended.Count < partitions.Count)
        {
            var found = consumer.Consume(TimeSpan.FromSeconds(60)) ?? throw new TimeoutException($"The end of {topic} was not reached in a minute.");
            if (found.IsPartitionEOF)
            {
                ended.Add(found.Partition.Value);
            }
            else
            {
                records.Add(Read(found));
            }
        }

        return new TopicContents([.. records.OrderBy(r => r.Partition).ThenBy(r => r.Offset)]);
    });

    private static TopicRecord Read(ConsumeResult<string, byte[]> found)
    {
        using var records = EventRecords.Rent();
        UsageEventReader.Read(found.Message.Value, records, out var entry).Reason.ShouldBeNull(Encoding.UTF8.GetString(found.Message.Value));
        return new TopicRecord(found.Partition.Value, found.Offset.Value, entry.Position, found.Message.Key, found.Message.Headers, found.Message.Value);
    }
}

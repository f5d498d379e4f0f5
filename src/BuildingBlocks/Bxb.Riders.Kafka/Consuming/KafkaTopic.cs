using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;
using Bxb.Riders.Kafka.Relay;
using Bxb.Riders.Kafka.Topics;
using Bxb.Riders.Transport;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>What the topic holds, and how its offsets and the log's positions go together. Thread-safe.</summary>
internal sealed class KafkaTopic(IOptions<KafkaOptions> options, KafkaClients clients, KafkaAdmin admin, KafkaLog log, PartitionPlaces places, RelayProgress relay) : IEventTopic
{
    private volatile IReadOnlyList<(long Above, int Partitions)> _counts = [];

    public string Name => options.Value.Topic;

    public int PartitionOf(EventRecord record)
    {
        var partitions = relay.Current?.Offsets.Length ?? options.Value.Partitions;
        var counts = _counts;
        for (var i = 0; i < counts.Count && (i == 0 || counts[i].Above < record.Position); i++)
        {
            partitions = counts[i].Partitions;
        }

        return PartitionKey.Partition(record, partitions);
    }

    /// <summary>Learns of partitions that were added since.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken) => _counts = await places.PartitionCountsAsync(cancellationToken);

    public async Task<IReadOnlyList<TopicSpan>> FindSpansAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        var partitions = Enumerable.Range(0, await CountPartitionsAsync(cancellationToken)).ToList();
        var first = await ListAsync(partitions, OffsetSpec.Earliest(), cancellationToken);
        var end = await ListAsync(partitions, OffsetSpec.Latest(), cancellationToken);
        var spans = new List<TopicSpan>();
        foreach (var partition in partitions)
        {
            spans.Add(new(partition, await places.PositionAboveAsync(partition, first[partition], cancellationToken), first[partition], end[partition]));
        }

        return spans;
    }

    public async Task<long?> FindPositionAsync(int partition, long offset, CancellationToken cancellationToken)
    {
        var span = (await FindSpansAsync(cancellationToken)).FirstOrDefault(s => s.Partition == partition, new TopicSpan(-1, 0, 0, 0));
        return span.Partition == partition && offset >= span.FirstOffset && offset < span.EndOffset
            ? await Task.Run(() => ReadPosition(new TopicPartition(Name, partition), offset, cancellationToken), cancellationToken)
            : null;
    }

    /// <summary>A host that reads nothing knows nothing of the relay before it has looked.</summary>
    private async Task<int> CountPartitionsAsync(CancellationToken cancellationToken)
    {
        if (relay.Current is null)
        {
            using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limited.CancelAfter(options.Value.RequestTimeout);
            await relay.WaitForChangeAsync(known: null, limited.Token);
        }

        return relay.Current!.Offsets.Length;
    }

    private async Task<Dictionary<int, long>> ListAsync(IEnumerable<int> partitions, OffsetSpec what, CancellationToken cancellationToken)
    {
        var asked = partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(Name, p), OffsetSpec = what });
        var listed = await admin.AskAsync(
            (a, _) => a.ListOffsetsAsync(asked, new ListOffsetsOptions { RequestTimeout = options.Value.RequestTimeout, IsolationLevel = IsolationLevel.ReadCommitted }), cancellationToken);
        return listed.ResultInfos.ToDictionary(r => r.TopicPartitionOffsetError.Partition.Value, r => r.TopicPartitionOffsetError.Offset.Value);
    }

    /// <summary>Between an offset and the next record may lie control records and records of aborted transactions.</summary>
    private long? ReadPosition(TopicPartition place, long offset, CancellationToken cancellationToken)
    {
        using var values = new ValueReader();
        var config = clients.Consumer("look-up");
        config.GroupInstanceId = null;
        using var client = new ConsumerBuilder<Ignore, int>(config).SetValueDeserializer(values).SetLogHandler((_, message) => log.Write(message)).SetErrorHandler(static (_, _) => { }).Build();
        client.Assign(new TopicPartitionOffset(place, offset));
        while (client.Consume(cancellationToken) is { IsPartitionEOF: false })
        {
            using var into = EventRecords.Rent();
            if (UsageEventReader.Read(values.Value, into, out _).Position is > 0 and var position)
            {
                return position - 1;
            }
        }

        return null;
    }
}

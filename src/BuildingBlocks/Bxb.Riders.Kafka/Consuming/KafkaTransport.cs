using System.Collections.Concurrent;
using Bxb.EventLog.Reading;
using Bxb.Riders.Kafka.Relay;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>Reads the topic that the relay fills: each group is a Kafka consumer group, whose partitions the brokers spread over the hosts. Thread-safe.</summary>
/// <remarks>The brokers say who reads what; how far, PostgreSQL says. Owns one <see cref="TopicEndpoint"/> for each group that reads here.</remarks>
internal sealed class KafkaTransport(
    EventLogReader eventLog, KafkaClients clients, KafkaLog kafkaLog, KafkaTopic topic, PartitionPlaces places, RelayProgress relay, UnreadableRecords unreadable,
    IEnumerable<EventConsumerRegistration> groups, IOptions<RidersOptions> riders, TimeProvider time, ILogger<KafkaTransport> logger) : IEventTransport, IAsyncDisposable
{
    private const int MinimumBytes = 1024 * 1024;

    private readonly ConcurrentDictionary<string, TopicEndpoint> _endpoints = new(StringComparer.Ordinal);

    public string Name => "kafka";

    public IEventTopic Topic => topic;

    public int Partitions => relay.Current is { } carried ? carried.Offsets.Length : 1;

    public long Delivered => relay.Current is { } carried ? carried.Position : 0;

    public async Task WaitForPartitionsAsync(int known, CancellationToken cancellationToken)
    {
        while (Partitions <= known)
        {
            await relay.WaitForChangeAsync(relay.Current, cancellationToken);
        }
    }

    public async Task<IPartitionLease> AcquireAsync(string group, Action waiting, CancellationToken cancellationToken)
    {
        while (relay.Current is null)
        {
            await relay.WaitForChangeAsync(null, cancellationToken);
        }

        await topic.RefreshAsync(cancellationToken);
        var begun = relay.Current;
        var endpoint = _endpoints.GetOrAdd(group, Open);
        var partition = await endpoint.AcquireAsync(waiting, cancellationToken);
        return new KafkaLease(group, begun, partition, endpoint, places, relay, unreadable, eventLog, time);
    }

    public async Task LeaveAsync(string group)
    {
        if (_endpoints.TryRemove(group, out var endpoint))
        {
            await endpoint.DisposeAsync();
        }
    }

    public long CountLag(int partition, Checkpoint reached)
    {
        if (relay.Current is not { } carried || partition >= carried.Offsets.Length || reached.Position >= carried.Position)
        {
            return 0;
        }

        // Where the offset is not known, neither more than the partition ever had nor more than the log has beyond.
        return Math.Max(0, reached.Offset >= 0 ? carried.Offsets[partition] - reached.Offset : Math.Min(carried.Offsets[partition], carried.Position - reached.Position));
    }

    /// <summary>The name of a topic in one life of it.</summary>
    public static string StreamOf(RelayCheckpoint carried) => $"kafka/{carried.Topic}/{carried.TopicId}";

    /// <summary>Ends this host's part in every group as its death would. For tests.</summary>
    internal async Task AbandonAsync()
    {
        foreach (var group in _endpoints.Keys)
        {
            if (_endpoints.TryRemove(group, out var endpoint))
            {
                await endpoint.AbandonAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, endpoint) in _endpoints)
        {
            await endpoint.DisposeAsync();
        }
    }

    private TopicEndpoint Open(string group)
    {
        var bytes = groups.FirstOrDefault(g => g.Group == group)?.Options.MaxBatchBytes ?? 0;
        return new TopicEndpoint(group, topic.Name, clients.Consumer(group), Math.Max(bytes, MinimumBytes), riders.Value.StopTimeout, time, kafkaLog, logger);
    }
}

using System.Collections.Concurrent;
using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>The partitions that the brokers have assigned to this host in one consumer group, and the fault that keeps it from getting any. Thread-safe.</summary>
internal sealed partial class GroupAssignment(string group, string topic, int maxBytes, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<int, AssignedPartition> _assigned = new();
    private readonly Channel<AssignedPartition> _free = Channel.CreateUnbounded<AssignedPartition>();
    private volatile KafkaFaultException? _fault;
    private volatile bool _hasJoined;

    /// <summary>The partitions of this host, in no order.</summary>
    public IEnumerable<AssignedPartition> Partitions => _assigned.Values;

    /// <summary>Whether the brokers have assigned partitions, or none, since the start.</summary>
    public bool HasJoined => _hasJoined;

    /// <summary>What the client cannot mend by itself; null when it reads.</summary>
    public KafkaFaultException? Fault => _fault;

    /// <summary>The partition with a number; null when it is not assigned to this host.</summary>
    public AssignedPartition? Find(Partition number) => _assigned.GetValueOrDefault(number.Value);

    /// <summary>Takes a partition that no worker of this host holds; null when there is none.</summary>
    public AssignedPartition? TryTake()
    {
        while (_free.Reader.TryRead(out var partition))
        {
            if (partition.TryAcquire())
            {
                return partition;
            }
        }

        return null;
    }

    /// <summary>Completes when a partition may be free.</summary>
    public Task WaitForFreeAsync(CancellationToken cancellationToken) => _free.Reader.WaitToReadAsync(cancellationToken).AsTask();

    /// <summary>Makes a partition free again, unless it is on its way to another host.</summary>
    public void Release(AssignedPartition partition)
    {
        if (partition.Release())
        {
            _free.Writer.TryWrite(partition);
        }
    }

    /// <summary>The brokers have assigned more partitions.</summary>
    public void Add(List<TopicPartition> partitions)
    {
        _hasJoined = true;
        _fault = null;
        foreach (var place in partitions)
        {
            var partition = new AssignedPartition(place, maxBytes, time);
            _assigned[place.Partition.Value] = partition;
            _free.Writer.TryWrite(partition);
        }

        LogAssigned(logger, group, partitions.Count, _assigned.Count);
    }

    /// <summary>Asks the workers of some partitions to finish. Completes when they have.</summary>
    public Task EndAsync(List<TopicPartitionOffset> partitions) =>
        Task.WhenAll(partitions.Select(p => Find(p.Partition)).OfType<AssignedPartition>().Select(p => p.EndAsync()));

    /// <summary>Some partitions are no longer this host's.</summary>
    public void Remove(IReadOnlyCollection<TopicPartitionOffset> partitions)
    {
        foreach (var gone in partitions)
        {
            if (_assigned.TryRemove(gone.Partition.Value, out var partition))
            {
                partition.Lose();
                partition.HandOver();
            }
        }

        LogGiven(logger, group, partitions.Count, _assigned.Count);
    }

    /// <summary>No partition is this host's any more.</summary>
    public void RemoveAll() => Remove([.. Partitions.Select(p => new TopicPartitionOffset(p.Place, Offset.Unset))]);

    /// <summary>The client reads.</summary>
    public void Succeeded() => _fault = null;

    /// <summary>The client has met an error. One that needs an operator, or a new client, becomes the fault.</summary>
    public void Failed(Error error)
    {
        LogFailed(logger, KafkaLog.IsConnection(error.Code) ? LogLevel.Debug : LogLevel.Warning, group, error.Code, error.Reason);
        if (error.IsFatal || NeedsOperator(error.Code))
        {
            _fault = new KafkaFaultException($"Group {group} cannot read {topic}", error) { IsFatal = error.IsFatal };
        }
    }

    private static bool NeedsOperator(ErrorCode code) => code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition
        or ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.SaslAuthenticationFailed
        or ErrorCode.Local_Authentication or ErrorCode.TopicException or ErrorCode.OffsetOutOfRange or ErrorCode.Local_AutoOffsetReset or ErrorCode.FencedInstanceId
        or ErrorCode.GroupMaxSizeReached or ErrorCode.InconsistentGroupProtocol;

    [LoggerMessage(EventId = 2161, Message = "Kafka client of group {Group} met {Code}: {Reason}")]
    private static partial void LogFailed(ILogger logger, LogLevel level, string group, ErrorCode code, string reason);

    [LoggerMessage(2162, LogLevel.Information, "Group {Group} was assigned {Count} partitions and has {All} on this host")]
    private static partial void LogAssigned(ILogger logger, string group, int count, int all);

    [LoggerMessage(2163, LogLevel.Information, "Group {Group} has given {Count} partitions back and keeps {All} on this host")]
    private static partial void LogGiven(ILogger logger, string group, int count, int all);
}

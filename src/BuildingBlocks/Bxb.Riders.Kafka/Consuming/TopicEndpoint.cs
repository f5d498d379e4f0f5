using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>This host's membership in one consumer group. Owns the client's thread. Thread-safe.</summary>
/// <remarks>A fault that the client cannot mend (an unknown topic, missing rights, a fatal error) comes out of <see cref="AcquireAsync"/>; the next call that asks gets a new client.</remarks>
internal sealed partial class TopicEndpoint : IAsyncDisposable
{
    private static readonly TimeSpan WatermarkTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

    private readonly string _group;
    private readonly string _topic;
    private readonly GroupAssignment _assignment;
    private readonly TopicPoller _poller;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Opens nothing before the first call of <see cref="AcquireAsync"/>.</summary>
    /// <param name="group">The consumer group.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="config">The client's configuration.</param>
    /// <param name="maxBytes">Bytes of each partition that are fetched and not yet read, at most.</param>
    /// <param name="handBack">The time that a batch in hand has to finish when its partition goes to another host.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Takes what the client says.</param>
    /// <param name="logger">The log.</param>
    public TopicEndpoint(string group, string topic, ConsumerConfig config, int maxBytes, TimeSpan handBack, TimeProvider time, KafkaLog log, ILogger logger)
    {
        (_group, _topic, _time, _logger) = (group, topic, time, logger);
        _assignment = new GroupAssignment(group, topic, maxBytes, time, logger);
        _poller = new TopicPoller(group, topic, config, _assignment, handBack, time, log, logger);
    }

    /// <summary>Waits for a partition that no worker of this host holds.</summary>
    /// <param name="waiting">Called while all is well and there is none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KafkaFaultException">There will be none until an operator has mended something.</exception>
    public async Task<AssignedPartition> AcquireAsync(Action waiting, CancellationToken cancellationToken)
    {
        _poller.Start();
        while (true)
        {
            if (_assignment.Fault is { } fault)
            {
                throw fault;
            }

            if (_poller.IsStopped)
            {
                throw new InvalidOperationException($"This host has left group {_group}.");
            }

            if (_assignment.TryTake() is { } partition)
            {
                return partition;
            }

            if (_assignment.HasJoined)
            {
                waiting();
            }

            // A fault gives no signal, so it is looked for at an interval.
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var free = _assignment.WaitForFreeAsync(pause.Token);
            await Task.WhenAny(free, Task.Delay(FaultPause, _time, pause.Token));
            await pause.CancelAsync();
            await free.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Releases a partition. It may be taken again while it is this host's.</summary>
    public void Release(AssignedPartition partition) => _assignment.Release(partition);

    /// <summary>The first offset that a partition still holds. Waits while the brokers are away; the token has to end the wait when the partition is lost.</summary>
    /// <exception cref="KafkaFaultException">The brokers do not say, and waiting does not help.</exception>
    public async Task<long> OldestAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await Task.Run(
                    () => (_poller.Client ?? throw new OperationCanceledException("The client is closed.")).QueryWatermarkOffsets(partition, WatermarkTimeout).Low.Value, cancellationToken);
            }
            catch (KafkaException exception) when (exception.Error.Code == ErrorCode.Local_UnknownPartition || KafkaLog.IsConnection(exception.Error.Code))
            {
                // An assigned partition exists. Its leader is not known, or does not answer.
                await Task.Delay(FaultPause, _time, cancellationToken);
            }
            catch (KafkaException exception)
            {
                throw new KafkaFaultException($"Partition {partition.Partition.Value} of {_topic} does not say what it holds", exception.Error);
            }
        }
    }

    /// <summary>Lets the client fetch a paused partition again.</summary>
    public void Resume(TopicPartition partition) => IfAssigned(client => client.Resume([partition]));

    /// <summary>Tells the brokers how far the group is, at the client's next commit: for tools that show lag.</summary>
    public void Stored(TopicPartition partition, long offset) => IfAssigned(client => client.StoreOffset(new TopicPartitionOffset(partition, offset)));

    /// <summary>Leaves the group without telling the brokers, as a dead process does. For tests.</summary>
    public Task AbandonAsync() => _poller.AbandonAsync();

    /// <summary>Leaves the group; the other members get its partitions at once. Call it after all partitions were released.</summary>
    public ValueTask DisposeAsync() => _poller.DisposeAsync();

    /// <summary>The partition, or the client, can have gone meanwhile. Then there is nothing to do.</summary>
    private void IfAssigned(Action<IConsumer<Ignore, int>> action)
    {
        try
        {
            if (_poller.Client is { } client)
            {
                action(client);
            }
        }
        catch (Exception exception) when (exception is KafkaException or ObjectDisposedException)
        {
            LogGone(_logger, _group, exception.Message);
        }
    }

    [LoggerMessage(2160, LogLevel.Debug, "Kafka client of group {Group}: {Message}")]
    private static partial void LogGone(ILogger logger, string group, string message);
}

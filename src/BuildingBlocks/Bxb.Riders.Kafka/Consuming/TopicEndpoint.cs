using System.Collections.Concurrent;
using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>This host's membership in one consumer group: one client, one thread that polls it, and the partitions that the brokers have assigned.</summary>
/// <remarks>
/// The thread belongs to this object, from construction to disposal. It only moves bytes; who reads them runs elsewhere, so a slow consumer never costs the membership. When the
/// brokers take a partition back, the batch in hand gets <paramref name="handBack"/> to finish before the partition goes. What cannot be mended by the client (an unknown topic, missing rights, a fatal
/// error) comes out of <see cref="ClaimAsync"/>; the client is made anew for the next one who asks.
/// </remarks>
internal sealed partial class TopicEndpoint(string group, string topic, ConsumerConfig config, int maxBytes, TimeSpan handBack, TimeProvider time, KafkaLog log, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan WatermarkTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HandOverTime = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan RoomTime = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

    private const int LookEvery = 64;

    private readonly ConcurrentDictionary<int, AssignedPartition> _assigned = new();
    private readonly Channel<AssignedPartition> _free = Channel.CreateUnbounded<AssignedPartition>();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _starting = new();
#pragma warning disable CA2213 // Made and disposed of by the thread that polls it.
    private volatile IConsumer<Ignore, int>? _client;
#pragma warning restore CA2213
    private volatile KafkaFaultException? _fault;
    private volatile bool _joined;
    private volatile bool _abandoned;
    private Task? _polling;

    /// <summary>Waits for a partition that nobody on this host has claimed.</summary>
    /// <param name="waiting">Called while all is well and there is none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KafkaFaultException">There will be none until somebody mends something.</exception>
    public async Task<AssignedPartition> ClaimAsync(Action waiting, CancellationToken cancellationToken)
    {
        EnsurePolling();
        while (true)
        {
            if (_fault is { } fault)
            {
                throw fault;
            }

            if (_stop.IsCancellationRequested)
            {
                throw new InvalidOperationException($"This host has left group {group}.");
            }

            while (_free.Reader.TryRead(out var partition))
            {
                if (partition.TryClaim())
                {
                    return partition;
                }
            }

            if (_joined)
            {
                waiting();
            }

            // A fault gives no signal, so it is looked for once in a while.
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var free = _free.Reader.WaitToReadAsync(pause.Token).AsTask();
            await Task.WhenAny(free, Task.Delay(FaultPause, time, pause.Token));
            await pause.CancelAsync();
            await ((Task)free).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Ends a claim; the partition may be claimed again while it is this host's.</summary>
    public void Release(AssignedPartition partition)
    {
        if (partition.Release())
        {
            _free.Writer.TryWrite(partition);
        }
    }

    /// <summary>The first offset that a partition still holds. Waits while the brokers are away; the token has to end the wait when the partition is lost.</summary>
    /// <exception cref="KafkaFaultException">The brokers do not say, and waiting does not help.</exception>
    public async Task<long> OldestAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await Task.Run(() => (_client ?? throw new OperationCanceledException("The client is closed.")).QueryWatermarkOffsets(partition, WatermarkTimeout).Low.Value, cancellationToken);
            }
            catch (KafkaException exception) when (exception.Error.Code == ErrorCode.Local_UnknownPartition || KafkaLog.IsConnection(exception.Error.Code))
            {
                // An assigned partition is there. Its leader is not known, or does not answer.
                await Task.Delay(FaultPause, time, cancellationToken);
            }
            catch (KafkaException exception)
            {
                throw new KafkaFaultException($"Partition {partition.Partition.Value} of {topic} does not say what it holds", exception.Error);
            }
        }
    }

    /// <summary>Lets the client fetch a paused partition again.</summary>
    public void Resume(TopicPartition partition) => Quietly(client => client.Resume([partition]));

    /// <summary>Tells the brokers how far the group is, at the client's next commit: for tools that show lag.</summary>
    public void Stored(TopicPartition partition, long offset) => Quietly(client => client.StoreOffset(new TopicPartitionOffset(partition, offset)));

    /// <summary>Leaves the group as a dead process does: without a word. For tests.</summary>
    public async Task AbandonAsync()
    {
        _abandoned = true;
        foreach (var (_, partition) in _assigned)
        {
            partition.Lose();
        }

        await DisposeAsync();
    }

    /// <summary>Leaves the group; the other members get its partitions at once. After all claims were released.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_polling is { } polling)
        {
            await polling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _stop.Dispose();
    }

    private void EnsurePolling()
    {
        lock (_starting)
        {
            if (_polling is null or { IsCompleted: true } && !_stop.IsCancellationRequested)
            {
                _polling = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Makes a client and polls it; makes another one after a fault that a client does not survive.</summary>
    private void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            using var values = new ValueReader();
            try
            {
                using var client = new ConsumerBuilder<Ignore, int>(config)
                    .SetValueDeserializer(values)
                    .SetPartitionsAssignedHandler(Assigned)
                    .SetPartitionsRevokedHandler((_, revoked) => Revoked(revoked))
                    .SetPartitionsLostHandler((_, lost) => Gone(lost))
                    .SetErrorHandler((_, error) => Failed(error))
                    .SetLogHandler((_, message) => log.Write(message))
                    .Build();
                _client = client;
                client.Subscribe(topic);
                Poll(client, values);
                Close(client);
            }
            catch (KafkaException exception)
            {
                Failed(exception.Error);
            }
            finally
            {
                _client = null;
                Gone([.. _assigned.Values.Select(p => new TopicPartitionOffset(p.Place, Offset.Unset))]);
            }

            _stop.Token.WaitHandle.WaitOne(FaultPause);
        }
    }

    private void Poll(IConsumer<Ignore, int> client, ValueReader values)
    {
        while (!_stop.IsCancellationRequested && _fault is not { IsFatal: true })
        {
            if (LookAround(client))
            {
                ReadFor(client, values, HandOverTime);
            }
            else
            {
                _stop.Token.WaitHandle.WaitOne(RoomTime);
            }
        }
    }

    /// <summary>Waits for a record, then takes what is there.</summary>
    private void ReadFor(IConsumer<Ignore, int> client, ValueReader values, TimeSpan span)
    {
        var started = time.GetTimestamp();
        for (var read = 0; Consume(client, read > 0 ? TimeSpan.Zero : PollTime) is { } result;)
        {
            if (_assigned.TryGetValue(result.Partition.Value, out var partition))
            {
                Take(partition, result, values);
            }

            if (++read % LookEvery == 0 && time.GetElapsedTime(started) >= span)
            {
                return;
            }
        }
    }

    private void Take(AssignedPartition partition, ConsumeResult<Ignore, int> result, ValueReader values)
    {
        if (!result.IsPartitionEOF)
        {
            partition.Append(result.Offset.Value, values.Value);
        }
        else if (partition.EndAt(result.Offset.Value) is { } covered)
        {
            Stored(partition.Place, covered);
        }
    }

    /// <summary>What is not done for each record: readers get what was fetched, and those that want to read elsewhere are taken there. False: one is so far behind that nothing may be polled.</summary>
    private bool LookAround(IConsumer<Ignore, int> client)
    {
        var hasRoom = true;
        foreach (var (_, partition) in _assigned)
        {
            partition.HandOver();
            hasRoom &= !partition.IsFull(place => client.Pause([place]));
            if (partition.WantsSeek)
            {
                Seek(client, partition);
            }
        }

        return hasRoom;
    }

    private ConsumeResult<Ignore, int>? Consume(IConsumer<Ignore, int> client, TimeSpan timeout)
    {
        try
        {
            var result = client.Consume(timeout);
            if (result is not null)
            {
                _fault = null;
            }

            return result;
        }
        catch (ConsumeException exception)
        {
            Failed(exception.Error);
            return null;
        }
    }

    private void Seek(IConsumer<Ignore, int> client, AssignedPartition partition)
    {
        try
        {
            partition.Seek(client.Seek);
            client.Resume([partition.Place]);
        }
        catch (KafkaException exception)
        {
            // Not ready yet: the assignment is on its way. Asked again at the next turn.
            SeekLater(logger, group, partition.Place.Partition.Value, exception.Error.Reason);
        }
    }

    /// <summary>Nothing is read before a claim has said from where: fetching begins behind the end, and what it brings is dropped.</summary>
    private IEnumerable<TopicPartitionOffset> Assigned(IConsumer<Ignore, int> client, List<TopicPartition> partitions)
    {
        _joined = true;
        _fault = null;
        foreach (var place in partitions)
        {
            var partition = new AssignedPartition(place, maxBytes, time);
            _assigned[place.Partition.Value] = partition;
            _free.Writer.TryWrite(partition);
        }

        HasPartitions(logger, group, partitions.Count, _assigned.Count);
        return partitions.Select(p => new TopicPartitionOffset(p, Offset.End));
    }

    /// <summary>The partitions go when this returns: until then the batch in hand of each may finish.</summary>
    private void Revoked(List<TopicPartitionOffset> revoked)
    {
        var ending = revoked.Select(r => _assigned.GetValueOrDefault(r.Partition.Value)).OfType<AssignedPartition>().Select(p => p.EndAsync()).ToList();
        if (!_abandoned && ending.Count > 0)
        {
            using var finished = new ManualResetEventSlim();
            _ = Task.WhenAll(ending).ContinueWith(_ => finished.Set(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
#pragma warning disable MA0040 // At a stop the claims have been released already, and the time is bounded.
            finished.Wait(handBack);
#pragma warning restore MA0040
        }

        Gone(revoked);
    }

    private void Gone(List<TopicPartitionOffset> partitions)
    {
        foreach (var gone in partitions)
        {
            if (_assigned.TryRemove(gone.Partition.Value, out var partition))
            {
                partition.Lose();
                partition.HandOver();
            }
        }

        HasGiven(logger, group, partitions.Count, _assigned.Count);
    }

    private void Failed(Error error)
    {
        Failing(logger, KafkaLog.IsConnection(error.Code) ? LogLevel.Debug : LogLevel.Warning, group, error.Code, error.Reason);
        if (error.IsFatal || NeedsHelp(error.Code))
        {
            _fault = new KafkaFaultException($"Group {group} cannot read {topic}", error) { IsFatal = error.IsFatal };
        }
    }

    private static bool NeedsHelp(ErrorCode code) => code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition
        or ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.SaslAuthenticationFailed
        or ErrorCode.Local_Authentication or ErrorCode.TopicException or ErrorCode.OffsetOutOfRange or ErrorCode.Local_AutoOffsetReset or ErrorCode.FencedInstanceId
        or ErrorCode.GroupMaxSizeReached or ErrorCode.InconsistentGroupProtocol;

    private void Close(IConsumer<Ignore, int> client)
    {
        if (!_abandoned)
        {
            client.Close();
        }
    }

    /// <summary>The partition may just have gone; then there is nothing to say about it.</summary>
    private void Quietly(Action<IConsumer<Ignore, int>> action)
    {
        try
        {
            if (_client is { } client)
            {
                action(client);
            }
        }
        catch (Exception exception) when (exception is KafkaException or ObjectDisposedException)
        {
            ClientSays(logger, group, exception.Message);
        }
    }

    [LoggerMessage(2160, LogLevel.Debug, "Kafka client of group {Group}: {Message}")]
    private static partial void ClientSays(ILogger logger, string group, string message);

    [LoggerMessage(EventId = 2161, Message = "Kafka client of group {Group} met {Code}: {Reason}")]
    private static partial void Failing(ILogger logger, LogLevel level, string group, ErrorCode code, string reason);

    [LoggerMessage(2162, LogLevel.Information, "Group {Group} was assigned {Count} partitions and has {All} on this host")]
    private static partial void HasPartitions(ILogger logger, string group, int count, int all);

    [LoggerMessage(2163, LogLevel.Information, "Group {Group} has given {Count} partitions back and keeps {All} on this host")]
    private static partial void HasGiven(ILogger logger, string group, int count, int all);

    [LoggerMessage(2164, LogLevel.Debug, "Group {Group} cannot yet go to its place in partition {Partition}: {Reason}")]
    private static partial void SeekLater(ILogger logger, string group, int partition, string reason);
}

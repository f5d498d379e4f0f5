using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>One client of a consumer group and the thread that polls it, from <see cref="Start"/> to disposal. Hands what was fetched to the partitions' readers.</summary>
/// <remarks>
/// The thread only moves bytes, so a slow consumer does not cost the membership. When the brokers take a partition back, the batch in hand has <paramref name="handBack"/> to finish before
/// the partition goes. After a fault that a client does not survive the thread makes another one.
/// </remarks>
internal sealed partial class TopicPoller(
    string group, string topic, ConsumerConfig config, GroupAssignment assignment, TimeSpan handBack, TimeProvider time, KafkaLog log, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan HandOverTime = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan RoomTime = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

    private const int RecordsPerTimeCheck = 64;

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _starting = new();
#pragma warning disable CA2213 // Made and disposed of by the thread that polls it.
    private volatile IConsumer<Ignore, int>? _client;
#pragma warning restore CA2213
    private volatile bool _abandoned;
    private Task? _polling;

    /// <summary>The client; null while there is none.</summary>
    public IConsumer<Ignore, int>? Client => _client;

    /// <summary>Whether the thread was told to stop.</summary>
    public bool IsStopped => _stop.IsCancellationRequested;

    /// <summary>Starts the thread, if it does not run.</summary>
    public void Start()
    {
        lock (_starting)
        {
            if (_polling is null or { IsCompleted: true } && !_stop.IsCancellationRequested)
            {
                _polling = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Leaves the group without telling the brokers, as a dead process does. For tests.</summary>
    public async Task AbandonAsync()
    {
        _abandoned = true;
        foreach (var partition in assignment.Partitions)
        {
            partition.Lose();
        }

        await DisposeAsync();
    }

    /// <summary>Leaves the group and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_polling is { } polling)
        {
            await polling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _stop.Dispose();
    }

    private void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            using var values = new ValueReader();
            try
            {
                using var client = new ConsumerBuilder<Ignore, int>(config)
                    .SetValueDeserializer(values)
                    .SetPartitionsAssignedHandler((_, partitions) => Assigned(partitions))
                    .SetPartitionsRevokedHandler((_, revoked) => Revoked(revoked))
                    .SetPartitionsLostHandler((_, lost) => assignment.Remove(lost))
                    .SetErrorHandler((_, error) => assignment.Failed(error))
                    .SetLogHandler((_, message) => log.Write(message))
                    .Build();
                _client = client;
                client.Subscribe(topic);
                Poll(client, values);
                if (!_abandoned)
                {
                    client.Close();
                }
            }
            catch (KafkaException exception)
            {
                assignment.Failed(exception.Error);
            }
            finally
            {
                _client = null;
                assignment.RemoveAll();
            }

            _stop.Token.WaitHandle.WaitOne(FaultPause);
        }
    }

    private void Poll(IConsumer<Ignore, int> client, ValueReader values)
    {
        while (!_stop.IsCancellationRequested && assignment.Fault is not { IsFatal: true })
        {
            if (ServeReaders(client))
            {
                ReadFor(client, values, HandOverTime);
            }
            else
            {
                _stop.Token.WaitHandle.WaitOne(RoomTime);
            }
        }
    }

    /// <summary>Hands readers what was fetched and does the seeks that they asked for. Returns false when a reader is so far behind that nothing may be polled.</summary>
    private bool ServeReaders(IConsumer<Ignore, int> client)
    {
        var hasRoom = true;
        foreach (var partition in assignment.Partitions)
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

    /// <summary>Waits for a record, then takes what is there.</summary>
    private void ReadFor(IConsumer<Ignore, int> client, ValueReader values, TimeSpan span)
    {
        var started = time.GetTimestamp();
        for (var read = 0; Consume(client, read > 0 ? TimeSpan.Zero : PollTime) is { } result;)
        {
            if (assignment.Find(result.Partition) is { } partition)
            {
                Take(client, partition, result, values);
            }

            if (++read % RecordsPerTimeCheck == 0 && time.GetElapsedTime(started) >= span)
            {
                return;
            }
        }
    }

    private void Take(IConsumer<Ignore, int> client, AssignedPartition partition, ConsumeResult<Ignore, int> result, ValueReader values)
    {
        if (!result.IsPartitionEOF)
        {
            partition.Append(result.Offset.Value, values.Value);
        }
        else if (partition.EndAt(result.Offset.Value) is { } covered)
        {
            StoreEnd(client, new TopicPartitionOffset(partition.Place, covered));
        }
    }

    private void StoreEnd(IConsumer<Ignore, int> client, TopicPartitionOffset end)
    {
        try
        {
            client.StoreOffset(end);
        }
        catch (KafkaException exception)
        {
            // The partition has just gone to another host, which stores it.
            LogNotStored(logger, group, end.Partition.Value, exception.Error.Reason);
        }
    }

    private ConsumeResult<Ignore, int>? Consume(IConsumer<Ignore, int> client, TimeSpan timeout)
    {
        try
        {
            var result = client.Consume(timeout);
            if (result is not null)
            {
                assignment.Succeeded();
            }

            return result;
        }
        catch (ConsumeException exception)
        {
            assignment.Failed(exception.Error);
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
            // The assignment is not complete yet. The next turn tries again.
            LogSeekLater(logger, group, partition.Place.Partition.Value, exception.Error.Reason);
        }
    }

    /// <summary>Fetching begins behind the end, and what it brings is dropped: only a reader's seek says where to read from.</summary>
    private IEnumerable<TopicPartitionOffset> Assigned(List<TopicPartition> partitions)
    {
        assignment.Add(partitions);
        return partitions.Select(p => new TopicPartitionOffset(p, Offset.End));
    }

    /// <summary>The partitions go when this returns. Until then the batch in hand of each may finish.</summary>
    private void Revoked(List<TopicPartitionOffset> revoked)
    {
        if (!_abandoned)
        {
            using var finished = new ManualResetEventSlim();
            _ = assignment.EndAsync(revoked).ContinueWith(_ => finished.Set(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
#pragma warning disable MA0040 // At a stop the partitions have been released already, and the time is bounded.
            finished.Wait(handBack);
#pragma warning restore MA0040
        }

        assignment.Remove(revoked);
    }

    [LoggerMessage(2165, LogLevel.Debug, "Group {Group} cannot store the end of partition {Partition}: {Reason}")]
    private static partial void LogNotStored(ILogger logger, string group, int partition, string reason);

    [LoggerMessage(2164, LogLevel.Debug, "Group {Group} cannot yet seek in partition {Partition}: {Reason}")]
    private static partial void LogSeekLater(ILogger logger, string group, int partition, string reason);
}

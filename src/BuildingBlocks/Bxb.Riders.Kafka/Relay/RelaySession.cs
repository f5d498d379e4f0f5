using Bxb.Riders.Kafka.Topics;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>One ownership of the topic: carries the log to it, flush by flush, from the stored position on, until it is stopped or anything goes wrong.</summary>
/// <remarks>
/// A flush is one transaction; its position and offsets are stored once it is committed. Nothing follows a flush that has not been stored: whoever goes on after a failure begins at the stored
/// position, so the topic can hold repeats but no gap. The next block is read while the one before is written. Owns the block in hand and the one read ahead.
/// </remarks>
internal sealed partial class RelaySession(RelayServices services, TopicState topic, RelayProducer producer, StoredRelay state)
{
    private const long RememberedPositions = 50_000;
    private static readonly TimeSpan RememberedTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TopicInterval = TimeSpan.FromSeconds(10);

    private readonly RelayReader _reader = new(services.Log, services.Settled, services.Options.Relay, services.Time);
    private readonly CancellationTokenSource _ended = new();
    private StoredRelay _state = state;
    private (long Position, long At) _remembered = (-1, 0);
    private readonly RelayRequeue _requeue = new(services.Letters, services.Log, producer, topic.Name, state.Epoch, services.Time, services.Logger);
    private long _requeueAt;
    private int _partitions = topic.Partitions;
    private int _limit = topic.MaxRecordBytes;
    private string? _topicFault;

    /// <summary>Runs. Ends by itself only when the topic has more partitions, or another limit of a record's size: a new session takes it up.</summary>
    /// <param name="stop">Begins nothing new; the flush in hand is finished.</param>
    /// <param name="abort">Gives up the flush in hand too.</param>
    /// <exception cref="OperationCanceledException">One of the tokens.</exception>
    /// <exception cref="OwnershipLostException">Another host has taken over.</exception>
    /// <exception cref="Exception">Anything else: the next session begins at the stored position.</exception>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(stop, abort, _ended.Token);
        using var carrying = CancellationTokenSource.CreateLinkedTokenSource(abort, _ended.Token);
        var watching = WatchTopicAsync(reading.Token);
        try
        {
            await CarryAllAsync(reading.Token, carrying.Token);
        }
        catch (OperationCanceledException) when (_topicFault is { } fault)
        {
            throw new RelayException(fault);
        }
        finally
        {
            await _ended.CancelAsync();
            await watching;
            _ended.Dispose();
        }
    }

    private async Task CarryAllAsync(CancellationToken reading, CancellationToken carrying)
    {
        var partitions = _state.Partitions;
        var ahead = _reader.ReadAsync(_state.Position, reading);
        try
        {
            while (_state.Partitions == partitions && Volatile.Read(ref _limit) == topic.MaxRecordBytes)
            {
                await RequeueAsync(carrying);
                if (!await IsReadAsync(ahead, reading))
                {
                    continue;
                }

                using var block = await ahead;
                ahead = _reader.ReadAsync(block.Position, reading);
                await CarryAsync(block, carrying);
            }
        }
        finally
        {
            await _ended.CancelAsync();
            await DropAsync(ahead);
        }
    }

    /// <summary>Waits for the next block, but no longer than until requeued letters are looked for again.</summary>
    private async Task<bool> IsReadAsync(Task<RelayBlock> ahead, CancellationToken cancellationToken)
    {
        if (!ahead.IsCompleted)
        {
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(ahead, Task.Delay(RelayRequeue.Interval, services.Time, pause.Token));
            await pause.CancelAsync();
        }

        return ahead.IsCompleted;
    }

    private async Task RequeueAsync(CancellationToken cancellationToken)
    {
        if (_requeueAt != 0 && services.Time.GetElapsedTime(_requeueAt) < RelayRequeue.Interval)
        {
            return;
        }

        _requeueAt = services.Time.GetTimestamp();
        var offsets = await _requeue.RunAsync(_state.Offsets, HasOtherLimitAsync, cancellationToken);
        if (offsets != _state.Offsets)
        {
            await StoreAsync(_state with { Offsets = offsets }, remembers: false, grows: false, cancellationToken);
        }

        async Task<bool> HasOtherLimitAsync()
        {
            await LookAtTopicAsync(cancellationToken);
            return Volatile.Read(ref _limit) != topic.MaxRecordBytes;
        }
    }

    private async Task CarryAsync(RelayBlock block, CancellationToken cancellationToken)
    {
        var started = services.Time.GetTimestamp();
        var offsets = _state.Offsets;
        if (block.Records.Count > 0)
        {
            services.Activity.Pending(block.Records[0].IngestedAtMilliseconds);
            offsets = await producer.FlushAsync(block.Records, offsets, cancellationToken);
            await PutOversizedAsync(block, cancellationToken);

            // This flush, if it is repeated, goes by the old count, and what follows its stored position by the new one.
            Array.Resize(ref offsets, Math.Max(offsets.Length, Volatile.Read(ref _partitions)));
        }

        var next = _state with { Position = block.Position, Offsets = offsets };
        var grows = next.Partitions > _state.Partitions;
        var remembers = grows || Remembers(next.Position);
        await StoreAsync(next, remembers, grows, cancellationToken);
        services.Activity.Advance(next.Position);
        services.Instruments.Flushed(block.Records.Count, services.Time.GetElapsedTime(started));
        LogFlushed(services.Logger, block.Records.Count, topic.Name, next.Position);
    }

    private async Task StoreAsync(StoredRelay next, bool remembers, bool grows, CancellationToken cancellationToken)
    {
        RequireOwned(await services.Store.StoreAsync(topic.Name, next, remembers ? services.Options.Retention : null, grows, cancellationToken));
        if (remembers)
        {
            _remembered = (next.Position, services.Time.GetTimestamp());
        }

        _state = next;
        services.Progress.Publish(new RelayPoint(topic.Name, topic.Id, next.Position, next.Offsets, next.Epoch));
    }

    /// <summary>Keeps what was too large, before the position says that it was carried.</summary>
    private async Task PutOversizedAsync(RelayBlock block, CancellationToken cancellationToken)
    {
        foreach (var oversized in producer.Oversized)
        {
            RequireOwned(await services.Letters.PutAsync(topic.Name, _state.Epoch, block.Records, oversized, cancellationToken));
            services.Instruments.Oversized();
            LogOversized(services.Logger, block.Records[oversized.Index].Position, oversized.Reason);
        }
    }

    private void RequireOwned(bool written)
    {
        if (!written)
        {
            throw new OwnershipLostException("relay/" + topic.Name);
        }
    }

    private bool Remembers(long position) => _remembered.Position < 0 || position - _remembered.Position >= RememberedPositions
        || (position > _remembered.Position && services.Time.GetElapsedTime(_remembered.At) >= RememberedTime);

    /// <summary>Looks at the topic now and then: more partitions are taken up behind the next flush; another topic of the same name ends the session.</summary>
    private async Task WatchTopicAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var timer = new PeriodicTimer(TopicInterval, services.Time);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await LookAtTopicAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogWatched(services.Logger, topic.Name);
        }
    }

    private async Task LookAtTopicAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = await services.Topics.DescribeEventsAsync(cancellationToken);
            if (found?.Id != topic.Id)
            {
                _topicFault = $"The topic {topic.Name} {(found is null ? "was deleted" : "was deleted and made anew")}.";
                await _ended.CancelAsync();
            }
            else
            {
                Volatile.Write(ref _partitions, found.Partitions);
                Volatile.Write(ref _limit, found.MaxRecordBytes);
            }
        }
        catch (TopicException exception)
        {
            // Brokers that are away show in the flushes.
            LogNotSeen(services.Logger, topic.Name, exception.Message);
        }
    }

    private static async Task DropAsync(Task<RelayBlock> ahead)
    {
        await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ahead.IsCompletedSuccessfully)
        {
            (await ahead).Dispose();
        }
    }

    [LoggerMessage(2130, LogLevel.Debug, "Carried {Records} records to {Topic}, up to position {Position}")]
    private static partial void LogFlushed(ILogger logger, int records, string topic, long position);

    [LoggerMessage(2141, LogLevel.Error, "The event at position {Position} is too large for the topic; consumer groups read it from the log, and it is among the dead letters of the relay: {Reason}")]
    private static partial void LogOversized(ILogger logger, long position, string reason);

    [LoggerMessage(2131, LogLevel.Debug, "The topic {Topic} could not be looked at: {Reason}")]
    private static partial void LogNotSeen(ILogger logger, string topic, string reason);

    [LoggerMessage(2132, LogLevel.Debug, "The topic {Topic} is no longer looked at")]
    private static partial void LogWatched(ILogger logger, string topic);
}

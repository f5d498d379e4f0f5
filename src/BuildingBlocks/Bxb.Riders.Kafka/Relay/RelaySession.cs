using Bxb.Riders.Kafka.Topics;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>One ownership of the topic: carries the log to it flush by flush from the checkpoint on, until it is stopped or a step fails.</summary>
/// <remarks>
/// A flush is one transaction. Its checkpoint is stored once it is committed, and no flush follows one that has not been stored: after a failure the next session begins at the checkpoint,
/// so the topic can hold repeats but no gap. The next block is read while the current one is written. Owns the block in hand and the one read ahead.
/// </remarks>
internal sealed partial class RelaySession(
    TopicState topic, RelayProducer producer, RelayReader reader, CheckpointWriter checkpoints, RelayRequeue requeue, RelayLetters letters, Func<TopicWatch> watchTopic,
    RelayActivity activity, RelayInstruments instruments, TimeProvider time, ILogger logger)
{
    private long _requeuedAt;

    /// <summary>Runs. Returns only when the topic has more partitions, or another limit of a record's size, which the next session takes up.</summary>
    /// <param name="stop">Begins nothing new; the flush in hand is finished.</param>
    /// <param name="abort">Gives up the flush in hand too.</param>
    /// <exception cref="OperationCanceledException">One of the tokens.</exception>
    /// <exception cref="OwnershipLostException">Another host has taken over.</exception>
    /// <exception cref="RelayException">The topic is gone.</exception>
    /// <exception cref="Exception">Anything else: the next session begins at the checkpoint.</exception>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        await using var watch = watchTopic();
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(stop, abort, watch.Gone);
        using var carrying = CancellationTokenSource.CreateLinkedTokenSource(abort, watch.Gone);
        try
        {
            await CarryAllAsync(watch, reading, carrying.Token);
        }
        catch (OperationCanceledException) when (watch.Fault is { } fault)
        {
            throw new RelayException(fault);
        }
    }

    private async Task CarryAllAsync(TopicWatch watch, CancellationTokenSource reading, CancellationToken carrying)
    {
        var partitions = checkpoints.Current.Partitions;
        var ahead = reader.ReadAsync(checkpoints.Current.Position, reading.Token);
        try
        {
            while (checkpoints.Current.Partitions == partitions && !watch.HasOtherLimit)
            {
                await RequeueAsync(watch, carrying);
                if (!await IsReadAsync(ahead, reading.Token))
                {
                    continue;
                }

                using var block = await ahead;
                ahead = reader.ReadAsync(block.Position, reading.Token);
                await CarryAsync(block, watch, carrying);
            }
        }
        finally
        {
            await reading.CancelAsync();
            await DropAsync(ahead);
        }
    }

    /// <summary>Waits for the next block, but no longer than until requeued letters are looked for again.</summary>
    private async Task<bool> IsReadAsync(Task<RelayBlock> ahead, CancellationToken cancellationToken)
    {
        if (!ahead.IsCompleted)
        {
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(ahead, Task.Delay(RelayRequeue.Interval, time, pause.Token));
            await pause.CancelAsync();
        }

        return ahead.IsCompleted;
    }

    private async Task RequeueAsync(TopicWatch watch, CancellationToken cancellationToken)
    {
        if (_requeuedAt != 0 && time.GetElapsedTime(_requeuedAt) < RelayRequeue.Interval)
        {
            return;
        }

        _requeuedAt = time.GetTimestamp();
        var offsets = await requeue.RunAsync(checkpoints.Current.Offsets, HasOtherLimitAsync, cancellationToken);
        if (offsets != checkpoints.Current.Offsets)
        {
            await checkpoints.MoveAsync(offsets, cancellationToken);
        }

        async Task<bool> HasOtherLimitAsync()
        {
            await watch.LookAsync(cancellationToken);
            return watch.HasOtherLimit;
        }
    }

    private async Task CarryAsync(RelayBlock block, TopicWatch watch, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var offsets = checkpoints.Current.Offsets;
        if (block.Records.Count > 0)
        {
            activity.Pending(block.Records[0].IngestedAtMilliseconds);
            offsets = await producer.FlushAsync(block.Records, offsets, cancellationToken);
            await PutOversizedAsync(block, cancellationToken);

            // A repeat of this flush goes by the old number of partitions, and what follows the stored position by the new one.
            Array.Resize(ref offsets, Math.Max(offsets.Length, watch.Partitions));
        }

        await checkpoints.AdvanceAsync(block.Position, offsets, cancellationToken);
        activity.Advance(block.Position);
        instruments.Flushed(block.Records.Count, time.GetElapsedTime(started));
        LogFlushed(logger, block.Records.Count, topic.Name, block.Position);
    }

    /// <summary>Stores the dead letters of records that are too large, before the checkpoint says that they were carried.</summary>
    private async Task PutOversizedAsync(RelayBlock block, CancellationToken cancellationToken)
    {
        foreach (var oversized in producer.Oversized)
        {
            if (!await letters.PutAsync(topic.Name, checkpoints.Current.Epoch, block.Records, oversized, cancellationToken))
            {
                throw new OwnershipLostException(OutboxRelay.LeaseName(topic.Name));
            }

            instruments.Oversized();
            LogOversized(logger, block.Records[oversized.Index].Position, oversized.Reason);
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
}

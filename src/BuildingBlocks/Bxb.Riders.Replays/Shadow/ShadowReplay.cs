using Bxb.EventLog.Reading;
using Bxb.Riders.Progress;
using Bxb.Riders.Reading;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Replays.Shadow;

/// <summary>One attempt at a replay into a copy: fills the copy from the log until it has caught up with the group, compares it, and swaps it with the live store.</summary>
/// <remarks>
/// A restart needs nothing from memory. The copy itself reports what it durably holds, and the table stores the position up to which it was handed anything, so that records that may be there
/// already are delivered as repeats. The copy never goes beyond the group's progress: the group brings the records after it.
/// </remarks>
internal sealed partial class ShadowReplay(
    ShadowTable table, ConsumerProgress progress, EventLogReader log, TimeProvider time, ILogger logger, ShadowAttempt attempt, IShadowStore store, EventConsumerOptions options)
{
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(5);

    private long _handedOut = attempt.HandedOut;

    /// <summary>Runs from the stored state to the end. After a failure the next attempt starts from what the copy durably holds.</summary>
    /// <exception cref="OwnershipLostException">Another host has taken the replay over, or it is to end.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var upTo = attempt.To;
        if (attempt.State != ReplayState.Swapping)
        {
            upTo = await BuildAsync(cancellationToken);
            await table.MoveAsync(attempt, ReplayState.Verifying, upTo, cancellationToken);
            if (await store.VerifyAsync(upTo, cancellationToken) is { } difference)
            {
                throw new ShadowDiffersException(difference);
            }

            await table.MoveAsync(attempt, ReplayState.Swapping, upTo, cancellationToken);
        }

        // The swap may have been done before, by a host that was killed before it stored that.
        await store.SwapAsync(upTo, cancellationToken);
        await table.EndAsync(attempt, cancellationToken);
        LogDone(logger, attempt.Id, attempt.Group, upTo);
    }

    /// <summary>Drops the copy and ends the replay with the requested final state.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await store.DropAsync(cancellationToken);
        await table.EndAsync(attempt, cancellationToken);
        LogDropped(logger, attempt.Id, attempt.Group);
    }

    /// <summary>Loads until the copy is within one batch of the group's progress. Returns the position that it then durably holds.</summary>
    private async Task<long> BuildAsync(CancellationToken cancellationToken)
    {
        var reached = await store.OpenAsync(attempt.Id, cancellationToken);
        LogOpened(logger, attempt.Id, attempt.Group, reached);
        while (true)
        {
            var goal = await FindGoalAsync(cancellationToken);
            var wasClose = goal - reached <= options.MaxBatch;
            await table.ReachAsync(attempt, reached, Math.Max(goal, reached), cancellationToken);
            reached = await LoadAsync(reached, goal, cancellationToken);
            if (wasClose)
            {
                return reached;
            }
        }
    }

    /// <summary>The position that the group has processed in all its partitions: after a swap the group continues behind it.</summary>
    private async Task<long> FindGoalAsync(CancellationToken cancellationToken)
    {
        var rows = await progress.ReadAsync(attempt.Group, cancellationToken);
        return rows.Count > 0 ? rows.Min(r => r.Progress.Position) : throw new InvalidOperationException($"Consumer group {attempt.Group} has no progress any more.");
    }

    private async Task<long> LoadAsync(long after, long upTo, CancellationToken cancellationToken)
    {
        var position = after;
        var storedAt = time.GetTimestamp();
        await using var reader = new ReadAhead(new LogRecordSource(log, topic: null, partition: 0), new Checkpoint(after), _handedOut, upTo, options, cancellationToken);
        while (position < upTo)
        {
            using var batch = reader.TryTake();
            if (batch is null)
            {
                await reader.WaitAsync(cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            await LoadAsync(batch, cancellationToken);
            position = batch.Reached.Position;
            if (time.GetElapsedTime(storedAt) > CheckpointInterval)
            {
                await table.ReachAsync(attempt, await store.CheckpointAsync(cancellationToken), upTo, cancellationToken);
                storedAt = time.GetTimestamp();
            }
        }

        var durable = Math.Min(position, await store.CheckpointAsync(cancellationToken));
        await table.ReachAsync(attempt, durable, Math.Max(durable, upTo), cancellationToken);
        return durable;
    }

    private async Task LoadAsync(ReadBatch batch, CancellationToken cancellationToken)
    {
        if (batch.Records.Count == 0)
        {
            return;
        }

        if (batch.Records.LastPosition > _handedOut)
        {
            await table.HandOutAsync(attempt, batch.Records.LastPosition, batch.Records.Count, cancellationToken);
            _handedOut = batch.Records.LastPosition;
        }

        var events = new EventBatch(attempt.Group, batch.Records, 0, batch.Records.Count, attempt: 0, batch.IsRepeat) { OwnerEpoch = attempt.Epoch };
        try
        {
            await store.LoadAsync(events, cancellationToken);
        }
        finally
        {
            events.Release();
        }
    }

    [LoggerMessage(2070, LogLevel.Information, "Replay {Replay} builds a copy of the store of consumer group {Group}, which holds everything up to position {Position} so far.")]
    private static partial void LogOpened(ILogger logger, long replay, string group, long position);

    [LoggerMessage(2071, LogLevel.Information, "Replay {Replay}: the copy agrees with the log up to position {Position} and has replaced the store of consumer group {Group}.")]
    private static partial void LogDone(ILogger logger, long replay, string group, long position);

    [LoggerMessage(2072, LogLevel.Warning, "Replay {Replay} of consumer group {Group} ended early; its copy was dropped, the live store is unchanged.")]
    private static partial void LogDropped(ILogger logger, long replay, string group);
}

/// <summary>The copy differs from the log.</summary>
internal sealed class ShadowDiffersException(string difference) : Exception(difference);

using Bxb.Riders.Failures;
using Bxb.Riders.Reading;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Replay;

/// <summary>One taking-up of a replay into a copy: fills it from the log until it is as far as the group, compares it, and puts it in the live store's place.</summary>
/// <remarks>
/// Nothing is kept in memory that a restart would need: what the copy surely holds it says itself, and up to where it was given anything stands in the table, so that what may be there
/// already comes as a repeat. The copy never goes beyond what the group has processed: what lies beyond, the group brings.
/// </remarks>
internal sealed partial class ShadowReplay(ShadowServices services, ShadowAttempt run, IShadowStore store, EventConsumerOptions options)
{
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(5);

    private long _handedOut = run.HandedOut;

    /// <summary>Goes through from wherever it is; every failure comes out, and the next run begins with what is sure.</summary>
    /// <exception cref="OwnershipLostException">Another host has taken it up, or it is to end.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var upTo = run.To;
        if (run.State != ReplayState.Swapping)
        {
            upTo = await BuildAsync(cancellationToken);
            await services.Table.MoveAsync(run, ReplayState.Verifying, upTo, cancellationToken);
            if (await store.VerifyAsync(upTo, cancellationToken) is { } difference)
            {
                throw new ShadowDiffersException(difference);
            }

            await services.Table.MoveAsync(run, ReplayState.Swapping, upTo, cancellationToken);
        }

        // It may have been done before, by a host that was killed before it could say so.
        await store.SwapAsync(upTo, cancellationToken);
        await services.Table.EndAsync(run, cancellationToken);
        Done(services.Logger, run.Id, run.Group, upTo);
    }

    /// <summary>Drops the copy, and ends the replay as it is to end.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await store.DropAsync(cancellationToken);
        await services.Table.EndAsync(run, cancellationToken);
        Dropped(services.Logger, run.Id, run.Group);
    }

    /// <summary>Loads until the copy is within a batch of what the group has processed; says what it surely holds then.</summary>
    private async Task<long> BuildAsync(CancellationToken cancellationToken)
    {
        var reached = await store.OpenAsync(run.Id, cancellationToken);
        Opened(services.Logger, run.Id, run.Group, reached);
        while (true)
        {
            var goal = await GoalAsync(cancellationToken);
            var wasClose = goal - reached <= options.MaxBatch;
            await services.Table.ReachAsync(run, reached, Math.Max(goal, reached), cancellationToken);
            reached = await LoadAsync(reached, goal, cancellationToken);
            if (wasClose)
            {
                return reached;
            }
        }
    }

    /// <summary>What the group has processed in all its partitions: the copy may be swapped in up to there, and the group goes on behind it.</summary>
    private async Task<long> GoalAsync(CancellationToken cancellationToken)
    {
        var rows = await services.Progress.ReadAsync(run.Group, cancellationToken);
        return rows.Count > 0 ? rows.Min(r => r.Progress.Position) : throw new InvalidOperationException($"Consumer group {run.Group} has no progress any more.");
    }

    private async Task<long> LoadAsync(long after, long upTo, CancellationToken cancellationToken)
    {
        var position = after;
        var noted = services.Time.GetTimestamp();
        await using var reader = new ReadAhead(new LogRecordSource(services.Log, topic: null, partition: 0), new Checkpoint(after), _handedOut, upTo, options, cancellationToken);
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
            if (services.Time.GetElapsedTime(noted) > CheckpointInterval)
            {
                await services.Table.ReachAsync(run, await store.CheckpointAsync(cancellationToken), upTo, cancellationToken);
                noted = services.Time.GetTimestamp();
            }
        }

        var safe = Math.Min(position, await store.CheckpointAsync(cancellationToken));
        await services.Table.ReachAsync(run, safe, Math.Max(safe, upTo), cancellationToken);
        return safe;
    }

    private async Task LoadAsync(ReadBatch batch, CancellationToken cancellationToken)
    {
        if (batch.Records.Count == 0)
        {
            return;
        }

        if (batch.Records.LastPosition > _handedOut)
        {
            await services.Table.HandOutAsync(run, batch.Records.LastPosition, batch.Records.Count, cancellationToken);
            _handedOut = batch.Records.LastPosition;
        }

        var events = new EventBatch(run.Group, batch.Records, 0, batch.Records.Count, attempt: 0, batch.IsRepeat) { OwnerEpoch = run.Run };
        try
        {
            await store.LoadAsync(events, cancellationToken);
        }
        finally
        {
            events.Release();
        }
    }

    [LoggerMessage(2070, LogLevel.Information, "Replay {Replay} builds a copy of the store of consumer group {Group}, which holds everything up to position {Position} by now.")]
    private static partial void Opened(ILogger logger, long replay, string group, long position);

    [LoggerMessage(2071, LogLevel.Information, "Replay {Replay}: the copy agrees with the log up to position {Position} and has taken the place of the store of consumer group {Group}.")]
    private static partial void Done(ILogger logger, long replay, string group, long position);

    [LoggerMessage(2072, LogLevel.Warning, "Replay {Replay} of consumer group {Group} ended early; its copy was dropped, the live store is as it was.")]
    private static partial void Dropped(ILogger logger, long replay, string group);
}

/// <summary>The copy is not what the log says it should be.</summary>
internal sealed class ShadowDiffersException(string difference) : Exception(difference);

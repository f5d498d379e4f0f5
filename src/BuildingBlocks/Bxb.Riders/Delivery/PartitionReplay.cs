using Bxb.Riders.Progress;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>A partition's part in replays in place: begins a requested replay, and ends it at its end or when it is cancelled. Called between two batches.</summary>
internal sealed partial class PartitionReplay(PartitionSession session, ProgressTracker progress, PartitionReplayStore store, ILogger logger)
{
    /// <summary>Begins or ends a replay if the partition's row requests it.</summary>
    /// <returns>Whether the progress moved, so that another reader is needed.</returns>
    public async Task<bool> ApplyRequestAsync()
    {
        switch (await store.ReadAsync(session.Ownership, session.Aborting))
        {
            case ReplayInstruction.Begin when progress.Replay is null && await progress.BeginReplayAsync():
                var begun = progress.Replay!.Value;
                LogBegun(logger, session.Ownership.Group, session.Ownership.Partition, begun.Id, progress.Progress.Position, begun.Until, begun.FromLog ? "the event log" : "the topic");
                return true;
            case ReplayInstruction.End when progress.Replay is not null:
                await EndAsync();
                return true;
            default:
                return false;
        }
    }

    /// <summary>Continues live reading if the replay has reached its end.</summary>
    public Task EndIfCompleteAsync() => progress.Replay is { } replay && progress.Progress.Position >= replay.Until ? EndAsync() : Task.CompletedTask;

    /// <summary>Continues live reading, wherever the replay is.</summary>
    public async Task EndAsync()
    {
        var (replay, reached) = (progress.Replay!.Value, progress.Progress.Position);
        await progress.EndReplayAsync();
        LogEnded(logger, session.Ownership.Group, session.Ownership.Partition, replay.Id, reached, replay.Events, replay.Resume.Position);
    }

    /// <summary>Whether a batch that failed may be retried: not when it belongs to a replay that is to end.</summary>
    public async Task<bool> MayRetryAsync() => progress.Replay is null || await store.ReadAsync(session.Ownership, session.Aborting) != ReplayInstruction.End;

    [LoggerMessage(2062, LogLevel.Information, "Consumer group {Group} begins replay {Replay} on partition {Partition}: after position {From} up to {Until}, from {Source}.")]
    private static partial void LogBegun(ILogger logger, string group, int partition, long replay, long from, long until, string source);

    [LoggerMessage(2063, LogLevel.Information, "Consumer group {Group} ends replay {Replay} on partition {Partition} at position {Reached}, {Events} events; it continues after position {Resume}.")]
    private static partial void LogEnded(ILogger logger, string group, int partition, long replay, long reached, long events, long resume);
}

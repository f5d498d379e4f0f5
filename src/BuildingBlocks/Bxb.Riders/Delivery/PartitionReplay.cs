using Bxb.Riders.Replay;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>The replay is to end although a batch of it is in hand: what it repeats was processed before, so it may be dropped.</summary>
internal sealed class ReplayEndingException : Exception
{
    public ReplayEndingException()
        : base("The replay is to end.")
    {
    }
}

/// <summary>A partition's part in replays in place: begins what was asked for, and ends what is through or was cancelled.</summary>
internal sealed partial class PartitionReplay(PartitionSession duty, ProgressTracker marks)
{
    /// <summary>Does what the row asks for. Between two batches only.</summary>
    /// <returns>Whether reading goes on elsewhere.</returns>
    public async Task<bool> LookAsync()
    {
        switch (await duty.Services.PartitionReplays.LookAsync(duty.Owned, duty.Abort))
        {
            case ReplayInstruction.Begin when marks.Replay is null && await marks.BeginReplayAsync():
                var begun = marks.Replay!.Value;
                Began(duty.Services.Logger, duty.Owned.Group, duty.Owned.Partition, begun.Id, marks.Progress.Position, begun.Until, begun.FromLog ? "the event log" : "the topic");
                return true;
            case ReplayInstruction.End when marks.Replay is not null:
                await LeaveAsync();
                return true;
            default:
                return false;
        }
    }

    /// <summary>Goes on with what is live when the replay has come to its end.</summary>
    public Task LeaveAtEndAsync() => marks.Replay is { } replay && marks.Progress.Position >= replay.Until ? LeaveAsync() : Task.CompletedTask;

    /// <summary>Goes on with what is live, wherever the replay is.</summary>
    public async Task LeaveAsync()
    {
        var (replay, reached) = (marks.Replay!.Value, marks.Progress.Position);
        await marks.LeaveReplayAsync();
        Left(duty.Services.Logger, duty.Owned.Group, duty.Owned.Partition, replay.Id, reached, replay.Events, replay.Resume.Position);
    }

    /// <summary>Before a batch of a replay is tried again: it is not, once the replay is to end.</summary>
    /// <exception cref="ReplayEndingException">It is to end.</exception>
    public async Task ThrowIfEndingAsync()
    {
        if (marks.Replay is not null && await duty.Services.PartitionReplays.LookAsync(duty.Owned, duty.Abort) == ReplayInstruction.End)
        {
            throw new ReplayEndingException();
        }
    }

    [LoggerMessage(2062, LogLevel.Information, "Consumer group {Group} begins replay {Replay} on partition {Partition}: behind position {From} up to {Until}, from {Source}.")]
    private static partial void Began(ILogger logger, string group, int partition, long replay, long from, long until, string source);

    [LoggerMessage(2063, LogLevel.Information, "Consumer group {Group} is through with replay {Replay} on partition {Partition} at position {Reached}, {Events} events; it goes on behind position {Resume}.")]
    private static partial void Left(ILogger logger, string group, int partition, long replay, long reached, long events, long resume);
}

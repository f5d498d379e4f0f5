using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Takes a partition back to what the consumer's store holds. Pauses when rewinds follow each other without a processed batch in between.</summary>
internal sealed partial class PartitionRewind(PartitionSession session, ProgressTracker progress, RetryPause pause, RidersInstruments instruments, ILogger logger)
{
    private int _rewinds;

    /// <summary>Rewinds and stores the progress.</summary>
    /// <param name="durable">The position up to which the consumer's store holds everything.</param>
    public async Task RunAsync(long durable)
    {
        var from = progress.Progress.Position;
        progress.Rewind(durable);
        LogRewinding(logger, session.Ownership.Group, from, progress.Progress.Position);
        await progress.StoreAsync();
        instruments.Rewound(session.Ownership.Group);
        if (++_rewinds > 1)
        {
            await pause.WaitAsync(_rewinds);
        }
    }

    /// <summary>A batch was processed: the next rewind is the first.</summary>
    public void Reset() => _rewinds = 0;

    [LoggerMessage(2021, LogLevel.Warning, "Consumer group {Group} rewinds from position {Progress} to {Target}: its store holds no more.")]
    private static partial void LogRewinding(ILogger logger, string group, long progress, long target);
}

using Bxb.Riders.Transport;

namespace Bxb.Riders.Progress;

/// <summary>The range that a partition delivers again for a replay in place; begun by its owner.</summary>
/// <param name="Id">The replay.</param>
/// <param name="Until">Everything up to this position is delivered again; never above <paramref name="Resume"/>.</param>
/// <param name="Resume">Where live reading continues: everything up to it was processed before the replay, and counts as processed during the replay.</param>
/// <param name="Events">Records delivered again so far.</param>
/// <param name="FromLog">Whether the event log is read instead of the transport.</param>
internal readonly record struct ReplayRange(long Id, long Until, Checkpoint Resume, long Events, bool FromLog)
{
    /// <summary>The range after the consumer's store turned out to hold no more than <paramref name="durable"/>: the lost records are delivered after the replay, by resuming from there.</summary>
    public ReplayRange RewoundTo(long durable) =>
        durable < Resume.Position ? this with { Resume = new Checkpoint(durable), Until = Math.Min(Until, durable) } : this;
}

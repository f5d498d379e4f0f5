using Bxb.Riders.Transport;

namespace Bxb.Riders.Progress;

/// <summary>A partition's part in a replay in place that its owner has begun.</summary>
/// <param name="Id">The replay.</param>
/// <param name="Until">Everything up to this position comes again; never above <paramref name="Resume"/>.</param>
/// <param name="Resume">Where live reading goes on: everything up to here was processed before, and counts as processed all the while.</param>
/// <param name="Events">Records that were delivered again so far.</param>
/// <param name="FromLog">Whether the event log is read, whatever the transport is.</param>
internal readonly record struct ReplayRange(long Id, long Until, Checkpoint Resume, long Events, bool FromLog)
{
    /// <summary>The same, with a store that turned out to hold no more than <paramref name="durable"/>: what it lost comes again by going on from there.</summary>
    public ReplayRange FallenTo(long durable) =>
        durable < Resume.Position ? this with { Resume = new Checkpoint(durable), Until = Math.Min(Until, durable) } : this;
}

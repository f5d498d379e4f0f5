namespace Bxb.Riders.Replay;

/// <summary>What a partition delivers again.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="From">Behind this position.</param>
/// <param name="FromOffset">The offset of what follows it; -1 when it is not known.</param>
/// <param name="Until">Up to this position.</param>
internal readonly record struct PartitionRange(int Partition, long From, long FromOffset, long Until);

/// <summary>A replay in positions: what was asked for, found to be possible.</summary>
internal sealed record ReplayPlan(ReplayTarget Target, IReadOnlyList<PartitionRange> Lanes, ReplaySource Source, string? Note, long Estimate)
{
    /// <summary>Behind this position.</summary>
    public long From => Lanes.Count == 0 ? 0 : Lanes.Min(l => l.From);

    /// <summary>Up to this position.</summary>
    public long To => Lanes.Count == 0 ? 0 : Lanes.Max(l => l.Until);
}

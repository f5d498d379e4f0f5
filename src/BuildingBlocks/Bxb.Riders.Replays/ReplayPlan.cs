namespace Bxb.Riders.Replays;

/// <summary>The range that a partition delivers again.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="From">Records after this position.</param>
/// <param name="FromOffset">The offset of the first of them; -1 when it is not known.</param>
/// <param name="Until">Records up to this position.</param>
internal readonly record struct PartitionRange(int Partition, long From, long FromOffset, long Until);

/// <summary>A validated replay in positions.</summary>
internal sealed record ReplayPlan(ReplayTarget Target, IReadOnlyList<PartitionRange> Ranges, ReplaySource Source, string? Note, long Estimate)
{
    /// <summary>Records after this position.</summary>
    public long From => Ranges.Count == 0 ? 0 : Ranges.Min(r => r.From);

    /// <summary>Records up to this position.</summary>
    public long To => Ranges.Count == 0 ? 0 : Ranges.Max(r => r.Until);
}

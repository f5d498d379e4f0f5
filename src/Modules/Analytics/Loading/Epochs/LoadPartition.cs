using Bxb.Analytics.Schema;

namespace Bxb.Analytics.Loading.Epochs;

/// <summary>A sequence of batches with increasing positions: the log, one partition of a topic, or the log as it fills a copy of the table. At most one loader owns it at a time.</summary>
/// <param name="Name">Identifies the partition in ClickHouse: in its epochs, its checkpoint and the query ids of its inserts.</param>
/// <param name="ConflictPrefix">Name prefix of all partitions that can bring the same events into the same table.</param>
/// <param name="ConcurrentPrefix">
/// Name prefix of the partitions that may load concurrently with this one: those of the same topic. Every other partition with <paramref name="ConflictPrefix"/> conflicts with
/// this one, and only one of the two may load.
/// </param>
/// <param name="Table">The table that receives the events.</param>
internal sealed record LoadPartition(string Name, string ConflictPrefix, string ConcurrentPrefix, string Table)
{
    /// <summary>The consumer group that loads ClickHouse.</summary>
    internal const string ConsumerGroup = "analytics";

    /// <summary>The log as a single partition. No topic has an empty name, so no other partition has its concurrent prefix.</summary>
    internal static readonly LoadPartition Log = new(ConsumerGroup, ConsumerGroup, $"{ConsumerGroup}//", AnalyticsSchema.LiveTable);

    private const string CopyPrefix = $"copy:{ConsumerGroup}/";

    /// <summary>Whether other partitions may load concurrently with this one.</summary>
    internal bool AllowsConcurrent => Name.StartsWith(ConcurrentPrefix, StringComparison.Ordinal);

    /// <summary>The partition of a topic, or <see cref="Log"/> when <paramref name="topic"/> is null. A topic name contains neither a slash nor a colon.</summary>
    internal static LoadPartition Of(string? topic, int partition) => topic is null
        ? Log
        : Log with { Name = $"{ConsumerGroup}/{topic}/{partition}", ConcurrentPrefix = $"{ConsumerGroup}/{topic}/" };

    /// <summary>The partition that fills a copy of the table. All of these conflict with each other, because only one copy is filled at a time.</summary>
    internal static LoadPartition Of(UsageCopy copy) => new(CopyPrefix + copy.Key, CopyPrefix, $"{CopyPrefix}/", copy.Table);
}

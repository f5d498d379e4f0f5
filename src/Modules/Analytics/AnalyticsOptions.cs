using System.ComponentModel.DataAnnotations;

namespace Bxb.Analytics;

/// <summary>Settings of the analytics module, section <c>Bxb:Analytics</c>.</summary>
public sealed class AnalyticsOptions
{
    /// <summary>Maximum number of events in one insert. Default 20,000; 1 to 100,000, because ClickHouse would split a larger insert into several blocks.</summary>
    [Range(1, 100_000)]
    public int MaxBatch { get; set; } = 20_000;

    /// <summary>Maximum size of the events in one insert, in bytes. Default 16 MiB; 64 KiB to 64 MiB.</summary>
    [Range(64 * 1024, 64 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// Maximum wait for further events after the first event of a batch. Default 200 ms; 0 to 10 s. A shorter wait makes usage fresher and gives ClickHouse more parts to merge. Partitions of a
    /// topic share inserts: they close their batches at the same moment, up to 200 ms sooner.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Maximum number of concurrent inserts of this host, over all its partitions. Default 4; 1 to 64. More than the server has cores gain nothing, and the embedded engine has
    /// six connections in total.
    /// </summary>
    [Range(1, 64)]
    public int ConcurrentInserts { get; set; } = 4;

    /// <summary>
    /// Interval at which inserted rows are synced to disk and checkpoints are stored. Default 5 s; 100 ms to 10 min. After a crash everything behind the last checkpoint is
    /// compared with the log and repaired.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromSeconds(5);
}

using System.ComponentModel.DataAnnotations;

namespace Bxb.Analytics;

/// <summary>Settings of the analytics module, section <c>Bxb:Analytics</c>.</summary>
public sealed class AnalyticsOptions
{
    /// <summary>Most events in one insert. Default 20,000; 1 to 100,000: more would make several blocks of one batch.</summary>
    [Range(1, 100_000)]
    public int MaxBatch { get; set; } = 20_000;

    /// <summary>Most bytes of events in one insert. Default 16 MiB; 64 KiB to 64 MiB.</summary>
    [Range(64 * 1024, 64 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// How long an insert is filled after its first event is there. Default 200 ms; 0 to 10 s. Shorter is fresher, and makes more parts for ClickHouse to merge. Partitions of a topic share inserts: they close their batches
    /// together, up to 200 ms sooner than that.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Inserts at once, over all partitions that the host reads. Default 4; 1 to 64. More than cores of the server gain nothing, and the embedded engine has six
    /// connections for everything.
    /// </summary>
    [Range(1, 64)]
    public int ConcurrentInserts { get; set; } = 4;

    /// <summary>
    /// How often what was inserted is brought to disk and the position noted that is safe then. Default 5 s; 100 ms to 10 min. What lies behind the last note is
    /// compared with the log, and repaired, after a crash.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromSeconds(5);
}

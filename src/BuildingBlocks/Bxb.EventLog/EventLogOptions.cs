using System.ComponentModel.DataAnnotations;

namespace Bxb.EventLog;

/// <summary>How the event log is reached and how it groups its work. Read once, at start.</summary>
public sealed class EventLogOptions
{
    /// <summary>Npgsql connection string of the database that contains the log. Required.</summary>
    [Required]
    public string ConnectionString { get; set; } = "";

    /// <summary>Number of concurrent commits, each with a connection of its own. Default 2; 1 to 32. More than the server has cores gain nothing.</summary>
    [Range(1, 32)]
    public int Writers { get; set; } = 2;

    /// <summary>
    /// Number of events at which a commit group is closed. A request is not split, so a group can exceed it by one request. Default 4,000; 1 to 100,000.
    /// </summary>
    [Range(1, 100_000)]
    public int MaxGroupEvents { get; set; } = 4_000;

    /// <summary>Size of the events at which a commit group is closed, in bytes. Default 16 MiB; 64 KiB to 256 MiB.</summary>
    [Range(65_536, 268_435_456)]
    public int MaxGroupBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// Maximum number of requests in the queue of the writers. Further requests wait for room, up to <see cref="AppendTimeout"/>. Default 16,384; 1 to
    /// 1,000,000.
    /// </summary>
    [Range(1, 1_000_000)]
    public int QueueBlocks { get; set; } = 16_384;

    /// <summary>Maximum wait of a request for a writer; then the log is unavailable for it. Default 10 s; 10 ms to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan AppendTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time limit of PostgreSQL for a commit group and for a probe of the settled position. Default 15 s; 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Time limit of a listing or look-up. Default 10 s; 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Number of positions in a partition of the log. A change applies to new partitions. Default 10,000,000; 1,000 to 1,000,000,000.</summary>
    [Range(1_000, 1_000_000_000)]
    public long PartitionPositions { get; set; } = 10_000_000;

    /// <summary>Number of empty partitions kept beyond the one in use. Default 2; 1 to 100.</summary>
    [Range(1, 100)]
    public int PartitionsAhead { get; set; } = 2;

    /// <summary>Interval at which partitions are created. Default 5 s; 100 ms to 10 min. An append that needs one earlier creates it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan PartitionInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Interval at which the settled position is probed without a notification. Default 500 ms; 10 ms to 1 min. It is the delay of events after a lost
    /// notification.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan SettledPollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Minimum time between two probes of the settled position. Default 5 ms; 0 to 1 s. A longer time saves round trips and delays readers.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan SettledProbeSpacing { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Minimum time between two notifications to the other hosts. Default 20 ms; 1 ms to 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan NotifyInterval { get; set; } = TimeSpan.FromMilliseconds(20);
}

using System.ComponentModel.DataAnnotations;

namespace Bxb.EventLog;

/// <summary>How the event log is reached and how it groups its work. Read once, at start.</summary>
public sealed class EventLogOptions
{
    /// <summary>Npgsql connection string of the database that holds the log. Required.</summary>
    [Required]
    public string ConnectionString { get; set; } = "";

    /// <summary>Loops that commit groups side by side, each with a connection of its own. Default 2, range 1 to 32: more than cores of the server gain nothing.</summary>
    [Range(1, 32)]
    public int Writers { get; set; } = 2;

    /// <summary>Events after which a group is closed. Whole blocks only, so that the last one may go beyond it. Default 4,000, range 1 to 100,000.</summary>
    [Range(1, 100_000)]
    public int MaxGroupEvents { get; set; } = 4_000;

    /// <summary>Bytes of text after which a group is closed, whatever its events. Default 16 MiB, range 64 KiB to 256 MiB.</summary>
    [Range(65_536, 268_435_456)]
    public int MaxGroupBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Blocks that may wait for a writer; one more waits for room, up to <see cref="AppendTimeout"/>. Default 16,384, range 1 to 1,000,000.</summary>
    [Range(1, 1_000_000)]
    public int QueueBlocks { get; set; } = 16_384;

    /// <summary>How long a block may wait for a writer before its caller is told that the log is unavailable. Default 10 s, range 10 ms to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan AppendTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long PostgreSQL may take over one commit group or one probe. Default 15 s, range 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a listing or look-up may take. Default 10 s, range 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Positions a partition covers. Takes effect for partitions that are still to be made. Default 10,000,000, range 1,000 to 1,000,000,000.</summary>
    [Range(1_000, 1_000_000_000)]
    public long PartitionPositions { get; set; } = 10_000_000;

    /// <summary>Empty partitions kept ready beyond the one in use. Default 2, range 1 to 100.</summary>
    [Range(1, 100)]
    public int PartitionsAhead { get; set; } = 2;

    /// <summary>How often the partitions are looked after. Default 5 s, range 100 ms to 10 min; an append that comes to the end earlier makes its own.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan PartitionInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the settled position is looked for when nothing woke anybody. Default 500 ms, range 10 ms to 1 min: what a lost notification costs.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan SettledPollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The least time between two probes of the settled position. Default 5 ms, range 0 to 1 s: what freshness it costs, it saves in round trips.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan SettledProbeSpacing { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The least time between two notifications to the other hosts on the log. Default 20 ms, range 1 ms to 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan NotifyInterval { get; set; } = TimeSpan.FromMilliseconds(20);
}

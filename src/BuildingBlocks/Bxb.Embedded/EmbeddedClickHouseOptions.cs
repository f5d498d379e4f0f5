namespace Bxb.Embedded;

/// <summary>How the embedded ClickHouse engine is run. Its files live in the folder <c>clickhouse</c> of the data directory.</summary>
public sealed class EmbeddedClickHouseOptions
{
    /// <summary>The host's data directory; made when it is not there.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>
    /// The most anonymous memory that the engine's process holds, in bytes. Seven eighths of it, and at most all but 128 MiB, are for queries, inserts, merges and caches, one of which fails with error 241 when it would need more, and the
    /// engine goes on; the rest is what the process needs beside them. Default 1 GiB, at least 512 MiB. An idle engine holds about 50 MiB. About 240 MiB of the program's file come on top, which the system takes
    /// back when it needs memory, and for each insert under way its rows, in shared memory.
    /// </summary>
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>Queries that run at once, 1 to 32; more of them wait. Default 6.</summary>
    public int Connections { get; init; } = 6;

    /// <summary>Whether an engine that ends or hangs at its first start is started again in the background, with pauses of up to 10 s, where the start would otherwise fail. Default false.</summary>
    public bool RetryStart { get; init; }

    /// <summary>How long a start may take. Default 1 minute.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an orderly stop may take before the process is killed, which loses nothing that was answered. Default 15 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(15);
}

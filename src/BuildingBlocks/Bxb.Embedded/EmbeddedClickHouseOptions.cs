namespace Bxb.Embedded;

/// <summary>Options of the embedded ClickHouse engine. Its files are in the folder <c>clickhouse</c> of the data directory.</summary>
public sealed class EmbeddedClickHouseOptions
{
    /// <summary>The host's data directory. Created if it is missing.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>
    /// The most anonymous memory of the engine's process, in bytes. Default 1 GiB; at least 512 MiB. Seven eighths of it, and at most all but 128 MiB, are for queries, inserts, merges and caches. A
    /// statement that needs more fails with error 241, and the engine goes on. An idle engine uses about 50 MiB. Not counted: about 240 MiB of the program's file, which the system reclaims when
    /// it needs memory, and the rows of running inserts, in shared memory.
    /// </summary>
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>The most queries that run at once; further ones wait. Default 6; 1 to 32.</summary>
    public int Connections { get; init; } = 6;

    /// <summary>Whether a failed first start is repeated in the background, with pauses of up to 10 s, instead of failing. Default false.</summary>
    public bool RetryStart { get; init; }

    /// <summary>The longest start. Default 1 min.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest orderly stop. The process is killed after it, which loses no acknowledged insert. Default 15 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(15);
}

namespace Bxb.Embedded;

/// <summary>How the embedded ClickHouse engine is run. Its files live in the folder <c>clickhouse</c> of the data directory.</summary>
public sealed class EmbeddedClickHouseOptions
{
    /// <summary>The host's data directory; made when it is not there.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Cap of the engine's memory, in bytes: a query beyond it fails with error 241, and the engine goes on. Default 1 GiB, at least 512 MiB; it takes about 250 MiB when it does little.</summary>
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

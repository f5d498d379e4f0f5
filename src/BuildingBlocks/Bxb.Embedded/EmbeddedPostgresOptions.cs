namespace Bxb.Embedded;

/// <summary>Options of the embedded PostgreSQL. Its files are in the folder <c>postgres</c> of the data directory.</summary>
public sealed class EmbeddedPostgresOptions
{
    /// <summary>The host's data directory. Created if it is missing.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Memory of the server's page cache, in bytes. Default 128 MiB; at least 16 MiB.</summary>
    public long SharedBuffersBytes { get; init; } = 128L << 20;

    /// <summary>The most connections. Default 80. The connection string limits each pool of this host to 30.</summary>
    public int MaxConnections { get; init; } = 80;

    /// <summary>The longest start, recovery after a crash included. Default 2 min.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The longest orderly stop, the last checkpoint included. After it the server is stopped immediately and recovers at its next start. Default 30 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Further server settings by name. They override those that Bxb sets.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

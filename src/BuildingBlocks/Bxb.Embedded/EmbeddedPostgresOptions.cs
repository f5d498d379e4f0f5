namespace Bxb.Embedded;

/// <summary>How the embedded PostgreSQL is run. Its files live in the folder <c>postgres</c> of the data directory.</summary>
public sealed class EmbeddedPostgresOptions
{
    /// <summary>The host's data directory; made when it is not there.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Memory for the page cache of the server, in bytes. Default 128 MiB, at least 16 MiB.</summary>
    public long SharedBuffersBytes { get; init; } = 128L << 20;

    /// <summary>Connections at once. Default 80. The connection string limits each pool of this host to 30.</summary>
    public int MaxConnections { get; init; } = 80;

    /// <summary>How long a start may take, recovery after a crash included. Default 2 minutes.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long an orderly stop may take, the last checkpoint included, before the server is ended at once (it recovers at the next start). Default 30 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Further server settings (name to value), which win over those that Bxb chooses.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

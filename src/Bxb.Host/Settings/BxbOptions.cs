using System.ComponentModel.DataAnnotations;

namespace Bxb.Host.Settings;

/// <summary>How the log reaches the consumer groups.</summary>
public enum Transport
{
    /// <summary>Groups read the PostgreSQL log themselves.</summary>
    PostgreSql,

    /// <summary>A relay carries the log to a topic of Kafka, and groups read that. Needs <c>Bxb:Kafka:BootstrapServers</c>.</summary>
    Kafka,
}

/// <summary>The section <c>Bxb</c> itself: what the host runs on. Building blocks and modules have sections of their own below it.</summary>
public sealed class BxbOptions
{
    /// <summary>Where embedded engines keep their data and the host its first key; relative to the working directory. Default <c>.bxb</c>.</summary>
    [Required]
    public string DataDirectory { get; set; } = ".bxb";

    /// <summary>How the log reaches the consumer groups. Default <see cref="Transport.PostgreSql"/>.</summary>
    public Transport Transport { get; set; } = Transport.PostgreSql;

    /// <summary>
    /// What this host runs, separated by commas: <c>Ingestion</c> (takes events), <c>Analytics</c> (loads ClickHouse and answers usage queries), <c>Relay</c> (carries the log to Kafka). Default: all of it. Keys and
    /// organizations are looked after by every host.
    /// </summary>
    public string? Modules { get; set; }

    /// <summary>Opens the calls under <c>/v1/organizations</c>. Default: none, and nobody can make them. At least 16 characters.</summary>
    [MinLength(16)]
    public string? AdminToken { get; set; }

    /// <summary>The PostgreSQL server.</summary>
    public PostgresSection Postgres { get; set; } = new();

    /// <summary>The analytics store.</summary>
    public ClickHouseSection ClickHouse { get; set; } = new();

    /// <summary>A first organization and key, for hosts that start without anyone at the terminal.</summary>
    public BootstrapSection Bootstrap { get; set; } = new();
}

/// <summary><c>Bxb:Postgres</c>.</summary>
public sealed class PostgresSection
{
    /// <summary>An Npgsql connection string. Default: none, and the host starts an embedded server below the data directory.</summary>
    public string? ConnectionString { get; set; }
}

/// <summary><c>Bxb:ClickHouse</c>.</summary>
public sealed class ClickHouseSection
{
    /// <summary>Whether there is an analytics store at all; without one PostgreSQL answers every usage query. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary><c>http://user:password@host:8123/?database=name</c> of a server. Default: none, and the host starts an embedded engine below the data directory.</summary>
    public string? Url { get; set; }

    /// <summary>The most memory that the embedded engine may use, in bytes; 512 MiB or more. Default 1 GiB. A server has settings of its own.</summary>
    [Range(512L << 20, 1L << 40)]
    public long MemoryLimitBytes { get; set; } = 1L << 30;
}

/// <summary><c>Bxb:Bootstrap</c>.</summary>
public sealed class BootstrapSection
{
    /// <summary>The name of an organization to make if it is not there. Default: <c>demo</c> with an embedded PostgreSQL, else none.</summary>
    [MaxLength(255)]
    public string? Organization { get; set; }

    /// <summary>A key to make for it, with all scopes. Default: a random one, kept in <c>api-key</c> in the data directory, with an embedded PostgreSQL; else none.</summary>
    [MinLength(16)]
    public string? ApiKey { get; set; }
}

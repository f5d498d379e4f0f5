using System.ComponentModel.DataAnnotations;
using Bxb.ClickHouse;
using Bxb.EventLog;
using Bxb.Modularity.Authorization;

namespace Bxb.Host.Settings;

/// <summary>The transport from the log to the consumer groups.</summary>
public enum Transport
{
    /// <summary>Groups read the PostgreSQL log.</summary>
    PostgreSql,

    /// <summary>A relay writes the log to a Kafka topic, and groups read the topic. Needs <c>Bxb:Kafka:BootstrapServers</c>.</summary>
    Kafka,
}

/// <summary>The section <c>Bxb</c> itself: stores, transport and modules of the host. Building blocks and modules have their own sections below it.</summary>
public sealed class BxbOptions : IValidatableObject
{
    /// <summary>Folder of the embedded engines' data and of the first API key, relative to the working directory. Default <c>.bxb</c>.</summary>
    [Required]
    public string DataDirectory { get; set; } = ".bxb";

    /// <summary>The transport from the log to the consumer groups. Default <see cref="Transport.PostgreSql"/>.</summary>
    public Transport Transport { get; set; } = Transport.PostgreSql;

    /// <summary>
    /// The modules of this host, separated by commas: <c>Ingestion</c> (takes events), <c>Analytics</c> (loads ClickHouse and answers usage queries), <c>Relay</c> (writes the log to Kafka). Default:
    /// empty, for all of them. Management and Operations run on every host.
    /// </summary>
    [Required(AllowEmptyStrings = true)]
    public string Modules { get; set; } = "";

    /// <summary>
    /// The path that a proxy leaves in front of the paths of calls, such as <c>/bxb</c>. Calls without it are answered, too. Default: empty. Begins with a slash and ends without one; its names have
    /// letters, digits and <c>. _ ~ -</c>; the first name is none of <c>v1</c>, <c>health</c>, <c>metrics</c> and <c>openapi</c>.
    /// </summary>
    [Required(AllowEmptyStrings = true)]
    [RegularExpression(
        @"^(?!/(v1|health|metrics|openapi)(/|$))(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+$",
        ErrorMessage = "must be a path such as /bxb: it begins with a slash, ends without one, and does not begin like a call (/v1, /health, /metrics, /openapi).")]
    public string PathBase { get; set; } = "";

    /// <summary>The server of the event log.</summary>
    public PostgresSection Postgres { get; set; } = new();

    /// <summary>The analytics store.</summary>
    public ClickHouseSection ClickHouse { get; set; } = new();

    /// <summary>A first organization and key, for unattended starts.</summary>
    public BootstrapSection Bootstrap { get; set; } = new();

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Bootstrap is { ApiKey: not null, Organization: null } && Postgres is { ConnectionString: not null })
        {
            yield return new ValidationResult("needs Bxb:Bootstrap:Organization, the organization of the key.", ["Bootstrap:ApiKey"]);
        }
    }
}

/// <summary><c>Bxb:Postgres</c>.</summary>
public sealed class PostgresSection : IValidatableObject
{
    /// <summary>
    /// An Npgsql connection string. Unless it sets time-outs, they are 4 s to connect and 15 s for a command. Default: none; the host starts an embedded server below the data directory. A pooler in
    /// between must pool sessions (PgBouncer: <c>pool_mode = session</c>) and have room for the host's connections; with transaction or statement pooling the host does not start.
    /// </summary>
    public string? ConnectionString { get; set; }

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
        => ConnectionString is not null && PostgresAddress.Fault(ConnectionString) is { } fault ? [new ValidationResult(fault, [nameof(ConnectionString)])] : [];
}

/// <summary><c>Bxb:ClickHouse</c>.</summary>
public sealed class ClickHouseSection : IValidatableObject
{
    /// <summary>Whether there is an analytics store. Without one PostgreSQL answers all usage queries. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// A server, <c>http://user:password@host:8123/?database=name</c>; behind a proxy with a path that ends with a slash, <c>http://proxy/clickhouse/?database=name</c>. Default: none; the host starts
    /// an embedded engine below the data directory.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>The most anonymous memory of the embedded engine's process, in bytes. Default 1 GiB; 512 MiB to 1 TiB. Has no effect on a server.</summary>
    [Range(512L << 20, 1L << 40)]
    public long MemoryLimitBytes { get; set; } = 1L << 30;

    // Empty when the host has found that there is no store.
    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
        => !string.IsNullOrEmpty(Url) && ClickHouseAddress.Fault(Url) is { } fault ? [new ValidationResult(fault, [nameof(Url)])] : [];
}

/// <summary><c>Bxb:Bootstrap</c>.</summary>
public sealed class BootstrapSection
{
    /// <summary>Name of an organization to create if it does not exist. Up to 255 characters. Default: <c>demo</c> with an embedded PostgreSQL, else none.</summary>
    [MaxLength(255)]
    public string? Organization { get; set; }

    /// <summary>
    /// A key to create for the organization, with all scopes. 16 to 512 visible ASCII characters. Default: with an embedded PostgreSQL a random key, kept in <c>api-key</c> in the data directory; else
    /// none.
    /// </summary>
    [RegularExpression(KeyFormat.Pattern, ErrorMessage = KeyFormat.Rule)]
    public string? ApiKey { get; set; }
}

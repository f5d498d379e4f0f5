using System.ComponentModel.DataAnnotations;
using Bxb.ClickHouse;
using Bxb.EventLog;

namespace Bxb.Host.Settings;

/// <summary>How the log reaches the consumer groups.</summary>
public enum Transport
{
    /// <summary>Groups read the PostgreSQL log themselves.</summary>
    PostgreSql,

    /// <summary>A relay carries the log to a topic of Kafka, and groups read that. Needs <c>Bxb:Kafka:BootstrapServers</c>.</summary>
    Kafka,
}

/// <summary>The section <c>Bxb</c> itself: engines, transport and modules of the host. Building blocks and modules have sections of their own below it.</summary>
public sealed class BxbOptions : IValidatableObject
{
    /// <summary>What a caller can send in the header <c>Authorization</c>, and what no tool on the way changes.</summary>
    internal const string KeyPattern = "^[!-~]{16,512}$";

    internal const string KeyMessage = "must be 16 to 512 visible ASCII characters, without a space.";

    /// <summary>Where embedded engines keep their data and the host its first key; relative to the working directory. Default <c>.bxb</c>.</summary>
    [Required]
    public string DataDirectory { get; set; } = ".bxb";

    /// <summary>How the log reaches the consumer groups. Default <see cref="Transport.PostgreSql"/>.</summary>
    public Transport Transport { get; set; } = Transport.PostgreSql;

    /// <summary>
    /// What this host runs, separated by commas: <c>Ingestion</c> (takes events), <c>Analytics</c> (loads ClickHouse and answers usage queries), <c>Relay</c> (carries the log to Kafka). Default: empty, and all of it. Every host
    /// manages keys and organizations, and answers the calls of operation.
    /// </summary>
    [Required(AllowEmptyStrings = true)]
    public string Modules { get; set; } = "";

    /// <summary>
    /// The path under which a proxy passes the calls on that does not strip it, such as <c>/bxb</c>. Default: empty. Calls without it are answered, too. It begins with a slash, ends without one, and its names
    /// are letters, digits and <c>. _ ~ -</c>; the first is none of <c>v1</c>, <c>health</c>, <c>metrics</c> and <c>openapi</c>.
    /// </summary>
    [Required(AllowEmptyStrings = true)]
    [RegularExpression(@"^(?!/(v1|health|metrics|openapi)(/|$))(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+$", ErrorMessage = "must be a path such as /bxb: it begins with a slash and ends without one, and it does not begin as a call does (/v1, /health, /metrics, /openapi).")]
    public string PathBase { get; set; } = "";

    /// <summary>Opens the calls under <c>/v1/organizations</c>. Default: none, and they are answered 401. 16 to 512 visible ASCII characters.</summary>
    [RegularExpression(KeyPattern, ErrorMessage = KeyMessage)]
    public string? AdminToken { get; set; }

    /// <summary>The PostgreSQL server.</summary>
    public PostgresSection Postgres { get; set; } = new();

    /// <summary>The analytics store.</summary>
    public ClickHouseSection ClickHouse { get; set; } = new();

    /// <summary>A first organization and key, for unattended starts.</summary>
    public BootstrapSection Bootstrap { get; set; } = new();

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Bootstrap is { ApiKey: not null, Organization: null } && Postgres is { ConnectionString: not null })
        {
            yield return new ValidationResult("needs Bxb:Bootstrap:Organization, the organization that the key is for.", ["Bootstrap:ApiKey"]);
        }
    }
}

/// <summary><c>Bxb:Postgres</c>.</summary>
public sealed class PostgresSection : IValidatableObject
{
    /// <summary>
    /// An Npgsql connection string; without time-outs of its own 4 s to connect and 15 s for a command. Default: none, and the host starts an embedded server below the data directory. A pooler in between has to
    /// pool sessions (PgBouncer: <c>pool_mode = session</c>) and to have room for the host's connections; a host that finds transaction or statement pooling does not start.
    /// </summary>
    public string? ConnectionString { get; set; }

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
        => ConnectionString is not null && PostgresAddress.Fault(ConnectionString) is { } fault ? [new ValidationResult(fault, [nameof(ConnectionString)])] : [];
}

/// <summary><c>Bxb:ClickHouse</c>.</summary>
public sealed class ClickHouseSection : IValidatableObject
{
    /// <summary>False: there is no analytics store, and PostgreSQL answers every usage query. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// <c>http://user:password@host:8123/?database=name</c> of a server; a prefix that a proxy needs stands in the path and ends with a slash, <c>http://proxy/clickhouse/?database=name</c>. Default: none, and the host starts an
    /// embedded engine below the data directory.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>The most anonymous memory that the embedded engine's process holds, in bytes; 512 MiB to 1 TiB. Default 1 GiB. A server has settings of its own.</summary>
    [Range(512L << 20, 1L << 40)]
    public long MemoryLimitBytes { get; set; } = 1L << 30;

    // The host sets it empty when there is no store.
    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
        => !string.IsNullOrEmpty(Url) && ClickHouseAddress.Fault(Url) is { } fault ? [new ValidationResult(fault, [nameof(Url)])] : [];
}

/// <summary><c>Bxb:Bootstrap</c>.</summary>
public sealed class BootstrapSection
{
    /// <summary>The name of an organization to make if it is not there; up to 255 characters. Default: <c>demo</c> with an embedded PostgreSQL, else none.</summary>
    [MaxLength(255)]
    public string? Organization { get; set; }

    /// <summary>
    /// A key to make for it, with all scopes; 16 to 512 visible ASCII characters. Default: a random one, kept in <c>api-key</c> in the data directory, with an embedded PostgreSQL; else none.
    /// </summary>
    [RegularExpression(BxbOptions.KeyPattern, ErrorMessage = BxbOptions.KeyMessage)]
    public string? ApiKey { get; set; }
}

using System.Globalization;
using Bxb.LoadTest.Target;

namespace Bxb.LoadTest;

/// <summary>What brings the events from the log to the consumer groups.</summary>
internal enum Transport
{
    /// <summary>The PostgreSQL log itself.</summary>
    PostgreSql,

    /// <summary>A relay and Kafka.</summary>
    Kafka,
}

/// <summary>What the load is, and against what.</summary>
internal sealed record LoadSettings
{
    /// <summary>No run lasts longer.</summary>
    public static readonly TimeSpan LongestDuration = TimeSpan.FromMinutes(10);

    /// <summary>The host under load; null when it is started by this run.</summary>
    public Uri? Url { get; init; }

    /// <summary>The key of the organization that the load is for; not needed with a started host or with <see cref="AdminToken"/>.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Makes organizations with keys of their own.</summary>
    public string? AdminToken { get; init; }

    /// <summary>The process under <see cref="Url"/>, to measure what it uses; not needed with a started host.</summary>
    public int? HostProcessId { get; init; }

    /// <summary>Start the Release build of the host in an empty data directory, and stop it at the end.</summary>
    public bool StartHost { get; init; }

    /// <summary>The host's assembly; found in the repository when null.</summary>
    public string? HostAssembly { get; init; }

    /// <summary>The transport of the started host.</summary>
    public Transport Transport { get; init; }

    /// <summary>With <see cref="Transport.Kafka"/>: a folder with the script that starts a broker, one for this run.</summary>
    public string? KafkaHome { get; init; }

    /// <summary>With <see cref="Transport.Kafka"/>: a cluster that runs already, instead.</summary>
    public string? BootstrapServers { get; init; }

    /// <summary>Afterwards do the same to the bare twin.</summary>
    public bool Bare { get; init; }

    /// <summary>Events a request; 1 posts single events.</summary>
    public int Batch { get; init; } = 100;

    /// <summary>Connections with one request at a time each.</summary>
    public int Connections { get; init; } = 8;

    /// <summary>Events a second, on a fixed schedule whether or not answers come; null: as fast as answers come.</summary>
    public double? Rate { get; init; }

    /// <summary>How long is measured.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Load before that which counts for the check at the end but for no figure.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Of a hundred events, how many were acknowledged before.</summary>
    public double DuplicatePercent { get; init; }

    /// <summary>Customers that the events are spread over, evenly.</summary>
    public int Customers { get; init; } = 1000;

    /// <summary>Organizations that the connections are spread over.</summary>
    public int Organizations { get; init; } = 1;

    /// <summary>Measure the time from an acknowledgement to the event's being seen by a usage query.</summary>
    public bool Freshness { get; init; }

    /// <summary>How long the stores may take to come into step after the last acknowledgement.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Where the figures are written as JSON; null: nowhere.</summary>
    public string? JsonFile { get; init; }

    /// <summary>The first thing that is wrong; null if nothing is.</summary>
    public string? Fault()
    {
        if (StartHost == (Url is not null))
        {
            return "Give either --url or --start-host.";
        }

        if (Url is not null && ApiKey is null && AdminToken is null)
        {
            return "--url needs --api-key, or --admin-token to make an organization.";
        }

        if (Url is { IsLoopback: false })
        {
            return "Load goes to loopback only.";
        }

        if (Url is not null && Organizations > 1 && AdminToken is null)
        {
            return "--organizations needs --admin-token.";
        }

        if (Transport == Transport.Kafka && !StartHost)
        {
            return "--transport is for --start-host: a host that runs already has its own.";
        }

        if (Transport == Transport.Kafka && (KafkaHome is null) == (BootstrapServers is null))
        {
            return $"--transport kafka needs either --kafka-home (or {KafkaCluster.HomeVariable}) or --bootstrap-servers.";
        }

        if (Organizations > Connections)
        {
            return "--organizations must not be more than --connections: each connection belongs to one.";
        }

        return Range("--batch", Batch, 1, 10_000) ?? Range("--connections", Connections, 1, 512) ?? Range("--customers", Customers, 1, 10_000_000)
            ?? Range("--organizations", Organizations, 1, 512) ?? Range("--duplicates", DuplicatePercent, 0, 90) ?? Range("--rate", Rate ?? 1, 1, 10_000_000)
            ?? Range("--duration", Duration.TotalSeconds, 1, LongestDuration.TotalSeconds) ?? Range("--warm-up", WarmUp.TotalSeconds, 0, 60)
            ?? Range("--drain", Drain.TotalSeconds, 1, LongestDuration.TotalSeconds);
    }

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Batch} events/request, {Connections} connections, {(Rate is { } rate ? $"{rate:N0} events/s" : "flat out")}, {Duration.TotalSeconds:0} s after {WarmUp.TotalSeconds:0} s of warm-up, {DuplicatePercent:0.#} % duplicates, {Customers:N0} customers, {Organizations} organization(s){(Transport == Transport.Kafka ? ", through Kafka" : "")}");

    private static string? Range(string option, double value, double from, double to)
        => value >= from && value <= to ? null : string.Create(CultureInfo.InvariantCulture, $"{option} must be {from:N0} to {to:N0}.");
}

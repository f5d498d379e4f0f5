using System.ComponentModel.DataAnnotations;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka;

/// <summary>The Kafka cluster, the topic of the events and the groups that read it. Read once, at start.</summary>
public sealed class KafkaOptions
{
    /// <summary>Brokers to begin with, <c>host:port</c>, separated by commas; they name the others. Required.</summary>
    [Required]
    public string BootstrapServers { get; set; } = "";

    /// <summary>The topic that holds every event. Default <c>bxb.events</c>; 1 to 150 characters of a-z, A-Z, 0-9, '.', '_', '-'.</summary>
    [Required, RegularExpression("^[a-zA-Z0-9._-]{1,150}$")]
    public string Topic { get; set; } = "bxb.events";

    /// <summary>Partitions that the topic is made with; one that has more is used whole. Default 12, range 1 to 10,000. Never fewer later: Kafka cannot take partitions away.</summary>
    [Range(1, 10_000)]
    public int Partitions { get; set; } = 12;

    /// <summary>Copies of each partition, on different brokers. Default 3, range 1 to 9.</summary>
    [Range(1, 9)]
    public short ReplicationFactor { get; set; } = 3;

    /// <summary>Copies that must have a record before it counts as written. Default 2, range 1 to 9; at most <see cref="ReplicationFactor"/>.</summary>
    [Range(1, 9)]
    public int MinInsyncReplicas { get; set; } = 2;

    /// <summary>How long the topic keeps a record after it was written to it; the event log keeps it longer. Default 7 days, range 1 hour to 3,650 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// The largest record that the topic takes, in bytes before compression; a lower <c>max.message.bytes</c> of the topic counts instead. Default 1,000,000; range 4,096 to 100,000,000. A
    /// larger event is noted in the topic by its position, read from the log by consumer groups, and listed among the dead letters of <c>relay</c>.
    /// </summary>
    [Range(4_096, 100_000_000)]
    public int MaxRecordBytes { get; set; } = 1_000_000;

    /// <summary>The name under which the brokers' logs and quotas know this host. Default <c>bxb</c>.</summary>
    [Required, MaxLength(200)]
    public string ClientId { get; set; } = "bxb";

    /// <summary>A consumer that the brokers have not heard of for so long loses its partitions. Default 10 s, range 6 s to 5 min: the brokers' own bounds.</summary>
    [Range(typeof(TimeSpan), "00:00:06", "00:05:00")]
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A name for this host that stays when it restarts, and that no other host has: it then keeps its partitions when it is back within <see cref="SessionTimeout"/>.
    /// Default: none. The group's name is added to it.
    /// </summary>
    [RegularExpression("^[a-zA-Z0-9._-]{1,100}$")]
    public string? GroupInstanceId { get; set; }

    /// <summary>What stands before a consumer group's name on Kafka. Default <c>bxb.</c>; up to 100 characters of a-z, A-Z, 0-9, '.', '_', '-'.</summary>
    [RegularExpression("^[a-zA-Z0-9._-]{0,100}$")]
    public string GroupPrefix { get; set; } = "bxb.";

    /// <summary>How long a question to the brokers about topics, offsets or transactions may take before it is asked again. Default 10 s, range 1 s to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How the brokers are spoken to.</summary>
    public KafkaSecuritySection Security { get; set; } = new();

    /// <summary>The relay, which carries the event log to the topic.</summary>
    public KafkaRelaySection Relay { get; set; } = new();
}

/// <summary><c>Bxb:Kafka:Security</c>.</summary>
public sealed class KafkaSecuritySection
{
    /// <summary>Whether connections are encrypted (<c>Ssl</c>), log in (<c>SaslPlaintext</c>) or both (<c>SaslSsl</c>). Default <c>Plaintext</c>.</summary>
    public SecurityProtocol Protocol { get; set; } = SecurityProtocol.Plaintext;

    /// <summary>How to log in, with a <c>Sasl</c> protocol: <c>Plain</c>, <c>ScramSha256</c> or <c>ScramSha512</c>. Default <c>ScramSha512</c>.</summary>
    public SaslMechanism SaslMechanism { get; set; } = SaslMechanism.ScramSha512;

    /// <summary>The user to log in as. Default: none; needed with a <c>Sasl</c> protocol.</summary>
    public string? Username { get; set; }

    /// <summary>The user's password. Default: none; needed with a <c>Sasl</c> protocol.</summary>
    public string? Password { get; set; }

    /// <summary>A file of the authorities (PEM) by whom the brokers' certificates must be signed. Default: none, and the system's are used.</summary>
    public string? CaLocation { get; set; }

    /// <summary>A file with this host's certificate (PEM), for brokers that ask for one. Default: none.</summary>
    public string? CertificateLocation { get; set; }

    /// <summary>A file with the certificate's private key (PEM). Default: none; needed with <see cref="CertificateLocation"/>.</summary>
    public string? KeyLocation { get; set; }

    /// <summary>The private key's password. Default: none.</summary>
    public string? KeyPassword { get; set; }
}

/// <summary><c>Bxb:Kafka:Relay</c>.</summary>
public sealed class KafkaRelaySection
{
    /// <summary>Most records of a flush, which is one transaction. Default 10,000, range 1 to 100,000.</summary>
    [Range(1, 100_000)]
    public int FlushSize { get; set; } = 10_000;

    /// <summary>Most bytes of text of a flush; one record is taken whatever its size. Two flushes are in memory at once. Default 16 MiB, range 64 KiB to 256 MiB.</summary>
    [Range(65_536, 268_435_456)]
    public int FlushBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>A flush that is not full is begun no sooner than so long after the one before. Default 20 ms, range 0 to 10 s: what freshness it costs, it saves in transactions.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// The brokers give a transaction up that is open for longer, and a flush that takes longer is begun again. Default 1 min, range 5 s to 15 min; the brokers'
    /// <c>transaction.max.timeout.ms</c> must allow it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:15:00")]
    public TimeSpan TransactionTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// An active relay that has not confirmed for so long is taken to be dead or suspended, and another host takes over. Default 2 s, range 300 ms to 1 min. It confirms, and the
    /// others look, six times as often.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.300", "00:01:00")]
    public TimeSpan OwnerSilence { get; set; } = TimeSpan.FromSeconds(2);
}

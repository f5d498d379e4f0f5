using Bxb.Riders.Kafka.Topics;
using Confluent.Kafka;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka;

/// <summary>The one place where the options become the client's configuration. Thread-safe; each call makes a new one, which is the caller's.</summary>
/// <remarks>Opens nothing.</remarks>
internal sealed class KafkaClients(IOptions<KafkaOptions> options)
{
    private readonly KafkaOptions _options = options.Value;

    /// <summary>For looking at topics and making them.</summary>
    public AdminClientConfig Admin() => Connect(new AdminClientConfig(), "admin");

    /// <summary>
    /// For the relay: fenced by the topic's transactional id, every record once and in order. Delivery reports carry the offset and whether it worked, nothing else.
    /// </summary>
    public ProducerConfig Relay()
    {
        var config = Connect(new ProducerConfig(), "relay");
        config.TransactionalId = TopicNames.RelayTransactions(_options);
        config.TransactionTimeoutMs = Milliseconds(_options.Relay.TransactionTimeout);
        config.MessageTimeoutMs = config.TransactionTimeoutMs;
        config.EnableIdempotence = true;
        config.Acks = Acks.All;
        config.CompressionType = CompressionType.Lz4;
        config.MessageMaxBytes = _options.MaxRecordBytes;
        config.BatchSize = Math.Min(_options.MaxRecordBytes, 1_000_000);
        config.LingerMs = 5;
        config.BatchNumMessages = 100_000;
        config.QueueBufferingMaxMessages = Math.Max(200_000, _options.Relay.FlushSize);
        config.QueueBufferingMaxKbytes = 1 << 20;
        config.DeliveryReportFields = "none";
        return config;
    }

    /// <summary>For single records that must be there when the call returns, such as dead letters: idempotent, all replicas.</summary>
    public ProducerConfig Producer(string purpose)
    {
        var config = Connect(new ProducerConfig(), purpose);
        config.EnableIdempotence = true;
        config.Acks = Acks.All;
        config.CompressionType = CompressionType.Lz4;
        config.MessageMaxBytes = _options.MaxRecordBytes * 2;
        config.MessageTimeoutMs = Milliseconds(_options.RequestTimeout);
        config.SocketTimeoutMs = Math.Min(config.SocketTimeoutMs ?? int.MaxValue, config.MessageTimeoutMs.Value);
        config.LingerMs = 1;
        return config;
    }

    /// <summary>For a consumer group: committed records only, partitions that move one by one. What is committed to the brokers is what was noted as stored; only tools read it.</summary>
    public ConsumerConfig Consumer(string group)
    {
        var config = Connect(new ConsumerConfig(), group);
        config.GroupId = TopicNames.Group(_options, group);
        config.GroupInstanceId = _options.GroupInstanceId is { } instance ? $"{instance}.{group}" : null;
        config.SessionTimeoutMs = Milliseconds(_options.SessionTimeout);
        config.HeartbeatIntervalMs = Math.Max(1_000, config.SessionTimeoutMs.Value / 4);
        config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
        config.IsolationLevel = IsolationLevel.ReadCommitted;
        config.EnableAutoOffsetStore = false;
        // The end of a partition lies behind the control records of transactions.
        config.EnablePartitionEof = true;
        config.AutoOffsetReset = AutoOffsetReset.Error;
        config.AllowAutoCreateTopics = false;
        config.EnableAutoCommit = true;
        config.AutoCommitIntervalMs = 5_000;

        // How late at most a partition is noticed that was added to the topic.
        config.TopicMetadataRefreshIntervalMs = 10_000;
        config.ConsumeResultFields = "none";
        // Who goes to another place waits for the fetch under way, which waits at the end of the topic for so long.
        config.FetchWaitMaxMs = 100;
        // Its default of a second halves the rate of a reader that is behind.
        config.Set("fetch.queue.backoff.ms", "10");
        return config;
    }

    private T Connect<T>(T config, string purpose)
        where T : ClientConfig
    {
        var security = _options.Security;
        config.BootstrapServers = _options.BootstrapServers;
        config.ClientId = $"{_options.ClientId}.{purpose}";
        config.SecurityProtocol = security.Protocol;
        config.SocketKeepaliveEnable = true;
        config.SocketNagleDisable = true;
        config.ReconnectBackoffMs = 100;
        config.ReconnectBackoffMaxMs = 2_000;
        config.SocketTimeoutMs = Math.Max(10_000, Milliseconds(_options.RequestTimeout));
        if (security.Protocol is SecurityProtocol.SaslPlaintext or SecurityProtocol.SaslSsl)
        {
            config.SaslMechanism = security.SaslMechanism;
            config.SaslUsername = security.Username;
            config.SaslPassword = security.Password;
        }

        if (security.Protocol is SecurityProtocol.Ssl or SecurityProtocol.SaslSsl)
        {
            config.SslCaLocation = security.CaLocation;
            config.SslCertificateLocation = security.CertificateLocation;
            config.SslKeyLocation = security.KeyLocation;
            config.SslKeyPassword = security.KeyPassword;
        }

        return config;
    }

    private static int Milliseconds(TimeSpan time) => (int)Math.Min(time.TotalMilliseconds, int.MaxValue);
}

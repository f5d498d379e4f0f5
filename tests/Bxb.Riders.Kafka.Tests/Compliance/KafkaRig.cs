using Bxb.EventLog.Schema;
using Bxb.Riders.Compliance;
using Bxb.Riders.Kafka.Consuming;
using Bxb.Riders.Kafka.Tests.Brokers;
using Bxb.Testing;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Riders.Kafka.Tests.Compliance;

/// <summary>A log, a topic of its own, and a relay between them that runs as long as the rig. One partition, so that the order of everything is known; some tests want more.</summary>
internal sealed class KafkaRig(int partitions = 1) : TransportRig
{
    private string _servers = "";
    private bool _relaying;

    /// <summary>The topic.</summary>
    public string Topic { get; } = TestKafka.NewTopicName();

    /// <summary>The brokers.</summary>
    public string Servers => _servers;

    /// <summary>The host that carries the log to the topic.</summary>
    public ComplianceHost Relay { get; private set; } = null!;

    /// <inheritdoc />
    public override async Task StartAsync()
    {
        await base.StartAsync();
        var broker = await TestBroker.SharedAsync();
        _servers = broker.BootstrapServers;
        if (!broker.IsReal)
        {
            await broker.CreateTopicAsync(Topic, partitions);
        }

        _relaying = true;
        var relay = BuildHost(b =>
        {
            if (!broker.IsReal)
            {
                b.Services.AddHostedService<PlainRelay>();
            }
        });
        _relaying = false;
        await relay.Services.MigrateSqlAsync(CancellationToken.None);
        Relay = await relay.StartAsync();
    }

    /// <inheritdoc />
    public override void AddTransport(IServiceCollection services)
    {
        services.AddOptions<KafkaOptions>().Configure(Configure);
        services.UsingKafka(withRelay: _relaying && TestKafka.IsReal);
    }

    /// <inheritdoc />
    public override async Task EndLeasesAsync()
    {
        foreach (var host in Hosts.Where(h => h != Relay))
        {
            await host.Services.GetRequiredService<KafkaTransport>().AbandonAsync();
        }
    }

    /// <summary>The first so many values of the topic, committed ones, partition by partition in order.</summary>
    public Task<IReadOnlyList<ConsumeResult<byte[], byte[]>>> ReadTopicAsync(int count) => ReadAsync(Topic, partitions, count);

    /// <summary>The first so many values of any topic, as a plain client reads them.</summary>
    public async Task<IReadOnlyList<ConsumeResult<byte[], byte[]>>> ReadAsync(string topic, int partitions, int count)
    {
        var config = new ConsumerConfig { BootstrapServers = _servers, GroupId = "reader-" + topic, AutoOffsetReset = AutoOffsetReset.Earliest, EnableAutoCommit = false };
        using var client = new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler((_, _) => { }).Build();
        client.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var read = new List<ConsumeResult<byte[], byte[]>>();
        await Task.Run(() =>
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            while (read.Count < count)
            {
                read.Add(client.Consume(limit.Token));
            }
        });
        return read;
    }

    /// <summary>Has the topic forget what lies below some offsets, as its retention would. Real brokers only.</summary>
    public async Task DeleteRecordsAsync(IEnumerable<TopicPartitionOffset> below)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _servers }).SetLogHandler((_, _) => { }).Build();
        await admin.DeleteRecordsAsync(below);
    }

    /// <summary>A producer that knows nothing of the relay. The caller's.</summary>
    public IProducer<byte[], byte[]> Producer() => new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = _servers }).SetLogHandler((_, _) => { }).Build();

    /// <summary>Sets what every host of the rig needs.</summary>
    public void Configure(KafkaOptions options)
    {
        options.BootstrapServers = _servers;
        options.Topic = Topic;
        options.Partitions = partitions;
        (options.ReplicationFactor, options.MinInsyncReplicas) = (1, 1);
        options.SessionTimeout = TimeSpan.FromSeconds(6);
        options.Relay.MaxWait = TimeSpan.Zero;
    }
}

using Bxb.EventLog.Schema;
using Bxb.Riders.Compliance;
using Bxb.Riders.Kafka.Consuming;
using Bxb.Riders.Kafka.Tests.Brokers;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Riders.Kafka.Tests.Compliance;

/// <summary>A log, a topic of its own, and a relay between them that runs as long as the rig. One partition, so that the order of everything is known; some tests want more.</summary>
internal sealed class KafkaRig(int partitions = 1) : TransportRig
{
    private string _servers = "";
    private bool _relaying;

    /// <summary>The topic.</summary>
    public string Topic { get; } = TestKafka.NewTopicName();

    /// <summary>The host that carries the log to the topic.</summary>
    public ComplianceHost Relay { get; private set; } = null!;

    /// <inheritdoc />
    public override async Task StartAsync()
    {
        await base.StartAsync();
        _servers = (await TestBroker.SharedAsync()).BootstrapServers;
        _relaying = true;
        var relay = BuildHost(_ => { });
        _relaying = false;
        await relay.Services.MigrateSqlAsync(CancellationToken.None);
        Relay = await relay.StartAsync();
    }

    /// <inheritdoc />
    public override void AddTransport(IServiceCollection services)
    {
        services.AddOptions<KafkaOptions>().Configure(Configure);
        services.UsingKafka(withRelay: _relaying);
    }

    /// <inheritdoc />
    public override async Task KillClaimsAsync()
    {
        foreach (var host in Hosts.Where(h => h != Relay))
        {
            await host.Services.GetRequiredService<KafkaTransport>().AbandonAsync();
        }
    }

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

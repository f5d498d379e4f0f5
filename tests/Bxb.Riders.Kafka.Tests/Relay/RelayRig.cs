using Bxb.EventLog.Schema;
using Bxb.Riders.Compliance;
using Bxb.Riders.Kafka.Relay;
using Bxb.Riders.Transport;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.Riders.Kafka.Tests.Relay;

/// <summary>A log, a topic of its own on a real broker, and as many hosts that may relay as a test wants.</summary>
internal sealed class RelayRig(int partitions = 3, TestKafka? cluster = null) : TransportRig
{
    /// <summary>The topic.</summary>
    public string Topic { get; } = TestKafka.NewTopicName();

    /// <summary>The brokers.</summary>
    public string Servers { get; private set; } = "";

    /// <summary>What the brokers and topic are, for tests that play a host by hand.</summary>
    public KafkaOptions Options
    {
        get
        {
            var options = new KafkaOptions();
            Configure(options);
            return options;
        }
    }

    /// <inheritdoc />
    public override async Task StartAsync()
    {
        await base.StartAsync();
        Servers = (cluster ?? await TestKafka.SharedAsync()).BootstrapServers;
        await BuildHost(_ => { }).Services.MigrateSqlAsync(CancellationToken.None);
    }

    /// <inheritdoc />
    public override void AddTransport(IServiceCollection services)
    {
        services.AddOptions<KafkaOptions>().Configure(Configure);
        services.UsingKafka();
    }

    /// <summary>Starts a host that relays, or waits to.</summary>
    public Task<ComplianceHost> StartRelayAsync(string owner = "host-1", Action<KafkaOptions>? configure = null) => StartHostAsync(builder =>
    {
        builder.Riders(o => (o.Owner, o.StalledAfter) = (owner, TimeSpan.FromSeconds(2)));
        builder.Services.PostConfigure(configure ?? (_ => { }));
    });

    /// <summary>Appends events of many customers, so that all partitions get some.</summary>
    public async Task<IReadOnlyList<long>> AppendManyAsync(int count, int blocks = 20)
    {
        var positions = new List<long>();
        for (var block = 0; block < blocks; block++)
        {
            positions.AddRange(await AppendAsync(count / blocks, organizationId: block + 1));
        }

        return positions;
    }

    /// <summary>Waits until everything up to a position is in the topic, as it is stored.</summary>
    public Task CarriedAsync(long position) => Eventually.HoldsAsync(async () => await StoredPositionAsync() >= position, $"Position {position} is carried");

    /// <summary>The stored position; 0 before any.</summary>
    public Task<long> StoredPositionAsync() => ScalarAsync<long>("select coalesce((select max(position) from event_log.relay), 0)");

    /// <summary>The last checkpoint in the history at or before a position; null when there is none.</summary>
    public async Task<(long Position, long[] Offsets)?> FindFlushAsync(long position)
    {
        await using var command = Database.CreateCommand("select position, offsets from event_log.relay_flushes where topic = $1 and position <= $2 order by position desc limit 1");
        command.Parameters.Add(new() { Value = Topic });
        command.Parameters.Add(new() { Value = position });
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? (reader.GetInt64(0), await reader.GetFieldValueAsync<long[]>(1)) : null;
    }

    /// <summary>The status as a host sees it.</summary>
    public static Task<RelayStatus> StatusAsync(ComplianceHost host) => host.Services.GetRequiredService<IRelay>().GetStatusAsync(CancellationToken.None);

    /// <summary>The state, for tests that play a host by hand.</summary>
    public RelayStore Store() => new(Database);

    /// <summary>The clients' configuration.</summary>
    public KafkaClients Clients() => new(Microsoft.Extensions.Options.Options.Create(Options));

    /// <summary>A producer by hand, which fences off every other.</summary>
    public Task<RelayProducer> ProducerAsync(int count) =>
        RelayProducer.StartAsync(Clients(), count, Options.MaxRecordBytes, Options, _ => { }, TimeProvider.System, Hosts[0].Services.GetRequiredService<KafkaLog>(), CancellationToken.None);

    /// <summary>Holds the stored state so that nobody can change it, until it is disposed of. By a lock that takes no transaction id: those would hold the settled position too.</summary>
    public async Task<IAsyncDisposable> HoldStateAsync()
    {
        var connection = await Database.OpenConnectionAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("lock table event_log.relay in share mode", connection, transaction);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    private void Configure(KafkaOptions options)
    {
        options.BootstrapServers = Servers;
        options.Topic = Topic;
        options.Partitions = partitions;
        (options.ReplicationFactor, options.MinInsyncReplicas) = (1, 1);
        options.RequestTimeout = TimeSpan.FromSeconds(5);
        options.Relay.FlushSize = 200;
        options.Relay.MaxWait = TimeSpan.Zero;
        options.Relay.OwnerSilence = TimeSpan.FromSeconds(1);
    }
}

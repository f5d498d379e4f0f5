using Bxb.EndToEnd.Tests.Hosting;
using Bxb.EndToEnd.Tests.Kills;
using Bxb.Testing;
using Npgsql;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>One PostgreSQL, one ClickHouse and one Kafka for hosts that come and go. Disposing stops the hosts; the stores end with the test process.</summary>
internal sealed class SharedStores : IAsyncDisposable
{
    public const string Key = "bxb_the-key-of-the-tests-on-kafka";
    public const string AdminToken = "admin-token-of-the-tests-on-kafka";
    public const int Partitions = 12;

    private readonly List<(HostProcess Host, string Owner, TemporaryDirectory Directory)> _hosts = [];
    private readonly TestKafka _brokers;
    private readonly int _replicas;
    private readonly Lazy<NpgsqlDataSource> _database;

    private SharedStores(TestKafka brokers, int replicas, string postgres, Uri clickHouse)
    {
        (_brokers, _replicas, Postgres, ClickHouse) = (brokers, replicas, postgres, clickHouse);
        _database = new Lazy<NpgsqlDataSource>(() => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Postgres) { ApplicationName = "test" }));
    }

    /// <summary>The connection string of the database.</summary>
    public string Postgres { get; }

    /// <summary>The analytics store's database.</summary>
    public Uri ClickHouse { get; }

    /// <summary>The topic of the events.</summary>
    public string Topic { get; } = TestKafka.NewTopicName();

    /// <summary>Makes the databases.</summary>
    /// <param name="brokers">The Kafka; not disposed of with this.</param>
    /// <param name="replicas">Copies of each partition.</param>
    public static async Task<SharedStores> CreateAsync(TestKafka brokers, int replicas = 1)
        => new(brokers, replicas, await TestPostgres.CreateDatabaseAsync(), await TestClickHouse.CreateDatabaseAsync());

    /// <summary>Starts a host and waits until it is ready. Stopped when this is disposed of, at the latest.</summary>
    /// <param name="owner">The name under which it owns groups and the relay.</param>
    /// <param name="settings">What else is to be set.</param>
    public async Task<HostProcess> StartHostAsync(string owner, params string[] settings)
    {
        var directory = new TemporaryDirectory();
        var host = await HostProcess.LaunchAsync(directory.Path, [.. Settings(), $"--Bxb:Riders:Owner={owner}", .. settings]);
        _hosts.Add((host, owner, directory));
        await host.ReadyAsync();
        return host;
    }

    /// <summary>What every host of these stores is told.</summary>
    public string[] Settings() =>
    [
        $"--Bxb:Postgres:ConnectionString={Postgres}",
        $"--Bxb:ClickHouse:Url={ClickHouse}",
        "--Bxb:Bootstrap:Organization=first",
        $"--Bxb:Bootstrap:ApiKey={Key}",
        $"--Bxb:AdminToken={AdminToken}",
        .. KafkaSettings(_brokers, Topic, _replicas),
    ];

    /// <summary>What a host is told of a Kafka.</summary>
    public static string[] KafkaSettings(TestKafka brokers, string topic, int replicas = 1) =>
    [
        "--Bxb:Transport=Kafka",
        $"--Bxb:Kafka:BootstrapServers={brokers.BootstrapServers}",
        $"--Bxb:Kafka:Topic={topic}",
        $"--Bxb:Kafka:GroupPrefix={topic}.",
        $"--Bxb:Kafka:Partitions={Partitions}",
        $"--Bxb:Kafka:ReplicationFactor={replicas}",
        $"--Bxb:Kafka:MinInsyncReplicas={Math.Max(1, replicas - 1)}",
        "--Bxb:Kafka:SessionTimeout=00:00:06",
    ];

    /// <summary>The name that a host was started under.</summary>
    public string NameOf(HostProcess host) => _hosts.Single(h => h.Host == host).Owner;

    /// <summary>Reads one value from the database.</summary>
    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = _database.Value.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Who owns the partitions of the analytics group, by partition.</summary>
    public Task<string[]> OwnersAsync() => ScalarAsync<string[]>("select coalesce(array_agg(owner order by partition), '{}') from event_log.consumer_groups where group_name = 'analytics'");

    /// <summary>Who relays.</summary>
    public Task<string> RelayOwnerAsync() => ScalarAsync<string>("select coalesce(max(owner), '') from event_log.relay");

    /// <summary>The position of the last event of the log.</summary>
    public Task<long> LastPositionAsync() => ScalarAsync<long>("select coalesce(max(position), 0) from event_log.events");

    /// <summary>Fails unless the log holds exactly these events, and ClickHouse exactly the log.</summary>
    public async Task ShouldHoldAsync(IReadOnlySet<string> transactionIds)
    {
        var recorded = await ScalarAsync<string[]>("select coalesce(array_agg(transaction_id), '{}') from event_log.events");
        recorded.Except(transactionIds).Take(5).ShouldBeEmpty("events in the log that nobody was told of");
        transactionIds.Except(recorded).Take(5).ShouldBeEmpty("acknowledged events that are not in the log");
        recorded.Length.ShouldBe(transactionIds.Count);
        (await StoreContents.OfClickHouseAsync(ClickHouse)).ShouldEqual(await StoreContents.OfPostgresAsync(Postgres));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (host, _, directory) in _hosts)
        {
            await host.DisposeAsync();
            directory.Dispose();
        }

        if (_database.IsValueCreated)
        {
            await _database.Value.DisposeAsync();
        }
    }
}

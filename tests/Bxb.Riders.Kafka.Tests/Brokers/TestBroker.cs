using Bxb.Testing;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Bxb.Riders.Kafka.Tests.Brokers;

/// <summary>One broker for the whole test process: real where there is a Kafka home, else of a mock cluster. Thread-safe.</summary>
/// <remarks>What the mock cluster of 2.16.0 cannot do, each tried:
/// <list type="bullet">
/// <item>Create, change or describe topics, and describe the cluster, by an admin client (it waits in vain for a controller): topics are
/// made by <see cref="CreateTopicAsync(string, int)"/>, and metadata that is asked for a topic makes one of 4 partitions.</item>
/// <item>Hide the records of aborted or open transactions from readers of committed records, or fence a producer off by its
/// <c>transactional.id</c>: a transaction is accepted in all its steps and means nothing.</item>
/// <item>Find offsets by time: every time is the end. The ends themselves are right.</item>
/// <item>List consumer groups: the client frees something twice when that is refused, and the process is gone.</item>
/// <item>Rebalance quickly: the members of a group, cooperative-sticky or not, wait for the session timeout less one second. Static
/// members are recognized by that, too.</item>
/// </list>
/// It produces (idempotently, compressed, with headers), consumes, commits, and tells offsets as a broker does.</remarks>
internal sealed class TestBroker
{
    private static readonly Lazy<Task<TestBroker>> Shared = new(StartAsync);

    private readonly MockCluster? _mock;

    private TestBroker(string bootstrapServers, MockCluster? mock)
    {
        BootstrapServers = bootstrapServers;
        _mock = mock;
    }

    public string BootstrapServers { get; }

    /// <summary>Whether it is Kafka itself.</summary>
    public bool IsReal => _mock is null;

    /// <summary>Started when the first test asks; ends with the process.</summary>
    public static Task<TestBroker> SharedAsync() => Shared.Value;

    /// <summary>Makes a topic with a name of its own, not replicated.</summary>
    public async Task<string> CreateTopicAsync(int partitions)
    {
        var name = TestKafka.NewTopicName();
        await CreateTopicAsync(name, partitions);
        return name;
    }

    /// <summary>Makes a topic, not replicated.</summary>
    public async Task CreateTopicAsync(string name, int partitions)
    {
        if (_mock is not null)
        {
            _mock.CreateTopic(name, partitions);
            return;
        }

        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = partitions, ReplicationFactor = 1 }]);
    }

    private static async Task<TestBroker> StartAsync()
    {
        if (TestKafka.Home is not null)
        {
            return new TestBroker((await TestKafka.SharedAsync()).BootstrapServers, mock: null);
        }

        if (TestKafka.Servers is { } servers)
        {
            return new TestBroker(servers, mock: null);
        }

        var mock = await MockCluster.StartAsync();
        return new TestBroker(mock.BootstrapServers, mock);
    }
}

using System.Runtime.InteropServices;
using System.Text;
using Bxb.Testing;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Tests.Brokers;

/// <summary>
/// librdkafka's mock cluster: brokers in the memory of this process behind real sockets, which answer with an error when told to.
/// Thread-safe until it is disposed.
/// </summary>
internal sealed class MockCluster : IDisposable
{
    private const int Producer = 0;

    private readonly nint _client;
    private readonly nint _cluster;

    private MockCluster(nint client, int brokers)
    {
        _client = client;
        _cluster = LibrdkafkaMock.NewCluster(client, brokers);
        LibrdkafkaMock.SetInitialRebalanceDelay(_cluster, 0);
        BootstrapServers = Marshal.PtrToStringUTF8(LibrdkafkaMock.Bootstraps(_cluster))!;
    }

    /// <summary>The addresses of all brokers, also of those that are down.</summary>
    public string BootstrapServers { get; }

    /// <summary>Starts a cluster.</summary>
    /// <exception cref="InvalidOperationException">The library made none.</exception>
    public static async Task<MockCluster> StartAsync(int brokers = 1)
    {
        var error = new byte[512];
        var configuration = LibrdkafkaMock.NewConfiguration();
        // This client has no brokers to connect to, and would say so.
        _ = LibrdkafkaMock.Configure(configuration, "log_level", "0", error, error.Length);
        var client = LibrdkafkaMock.NewClient(Producer, configuration, error, error.Length);
        return client != 0 ? new MockCluster(client, brokers) : throw new InvalidOperationException(Encoding.UTF8.GetString(error).TrimEnd('\0'));
    }

    /// <summary>Makes a topic with a name of its own.</summary>
    public string CreateTopic(int partitions, int replication = 1)
    {
        var name = TestKafka.NewTopicName();
        CreateTopic(name, partitions, replication);
        return name;
    }

    /// <summary>Makes a topic.</summary>
    public void CreateTopic(string name, int partitions, int replication = 1) => Check(LibrdkafkaMock.CreateTopic(_cluster, name, partitions, replication));

    /// <summary>What metadata says of a topic from now on; <see cref="ErrorCode.NoError"/> to end it.</summary>
    public void SetTopicError(string topic, ErrorCode error) => LibrdkafkaMock.SetTopicError(_cluster, topic, error);

    /// <summary>Answers the next requests of a kind with these errors, one each, on whichever broker.</summary>
    public void FailNext(MockRequest request, params ErrorCode[] errors) => LibrdkafkaMock.PushRequestErrors(_cluster, (short)request, errors.Length, errors);

    /// <summary>Forgets the errors that were not answered yet.</summary>
    public void FailNoMore(MockRequest request) => LibrdkafkaMock.ClearRequestErrors(_cluster, (short)request);

    /// <summary>Closes a broker's connections and takes none. What it holds stays.</summary>
    /// <param name="broker">From 1 on.</param>
    public void SetDown(int broker) => Check(LibrdkafkaMock.SetDown(_cluster, broker));

    /// <summary>Lets a broker take connections again.</summary>
    /// <param name="broker">From 1 on.</param>
    public void SetUp(int broker) => Check(LibrdkafkaMock.SetUp(_cluster, broker));

    /// <summary>Has every answer of a broker wait, in milliseconds.</summary>
    /// <param name="broker">From 1 on.</param>
    /// <param name="milliseconds">0 to answer at once.</param>
    public void SetRoundTrip(int broker, int milliseconds) => Check(LibrdkafkaMock.SetRoundTrip(_cluster, broker, milliseconds));

    /// <summary>Moves a partition to another broker.</summary>
    public void SetLeader(string topic, int partition, int broker) => Check(LibrdkafkaMock.SetLeader(_cluster, topic, partition, broker));

    public void Dispose()
    {
        LibrdkafkaMock.DestroyCluster(_cluster);
        LibrdkafkaMock.DestroyClient(_client);
    }

    private static void Check(ErrorCode error)
    {
        if (error != ErrorCode.NoError)
        {
            throw new KafkaException(error);
        }
    }
}

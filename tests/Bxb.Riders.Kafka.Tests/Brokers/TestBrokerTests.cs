using Bxb.Testing;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Bxb.Riders.Kafka.Tests.Brokers;

/// <summary>The brokers that the tests of this project stand on, as far as they can be real ones.</summary>
[OnKafka]
public sealed class TestBrokerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task What_is_produced_to_the_shared_broker_is_read_from_it()
    {
        var broker = await TestBroker.SharedAsync();
        var topic = await broker.CreateTopicAsync(partitions: 3);
        using var producer = Producer(broker.BootstrapServers);

        var delivered = await producer.ProduceAsync(new TopicPartition(topic, 2), new Message<string, string> { Key = "customer", Value = "event" });

        using var consumer = Consumer(broker.BootstrapServers);
        consumer.Assign(new TopicPartitionOffset(topic, 2, Offset.Beginning));
        var read = consumer.Consume(Patience);
        read.Offset.ShouldBe(delivered.Offset);
        (read.Message.Key, read.Message.Value).ShouldBe(("customer", "event"));
    }

    [RealKafkaFact]
    public async Task Three_nodes_keep_on_taking_records_when_one_is_killed_and_brought_back()
    {
        await using var cluster = await TestKafka.StartClusterAsync(3);
        var topic = TestKafka.NewTopicName();
        using var admin = Admin(cluster.BootstrapServers);
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = 3, ReplicationFactor = 3 }]);
        using var producer = Producer(cluster.BootstrapServers);
        await ProduceToAllAsync(producer, topic);

        await cluster.KillAsync(2);
        await ProduceToAllAsync(producer, topic);

        await cluster.RestartAsync(2);
        await Eventually.HoldsAsync(() => InSync(admin, topic).All(replicas => replicas == 3), "All replicas are in sync again");
        await ProduceToAllAsync(producer, topic);
    }

    private static int[] InSync(IAdminClient admin, string topic)
        => [.. admin.GetMetadata(topic, Patience).Topics.Single().Partitions.Select(partition => partition.InSyncReplicas.Length)];

    private static Task ProduceToAllAsync(IProducer<string, string> producer, string topic) => Task.WhenAll(Enumerable.Range(0, 3).Select(
        partition => producer.ProduceAsync(new TopicPartition(topic, partition), new Message<string, string> { Value = "event" })));

    private static IProducer<string, string> Producer(string servers) => new ProducerBuilder<string, string>(
        new ProducerConfig { BootstrapServers = servers, Acks = Acks.All, MessageTimeoutMs = 180_000 }).SetLogHandler((_, _) => { }).Build();

    private static IConsumer<string, string> Consumer(string servers) => new ConsumerBuilder<string, string>(
        new ConsumerConfig { BootstrapServers = servers, GroupId = TestKafka.NewTopicName() }).SetLogHandler((_, _) => { }).Build();

    private static IAdminClient Admin(string servers) => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).SetLogHandler((_, _) => { }).Build();
}

using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Tests.Brokers;

/// <summary>The brokers that fail when told to.</summary>
public sealed class MockClusterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_mock_broker_answers_with_the_error_that_it_was_given_once()
    {
        using var mock = await MockCluster.StartAsync();
        var topic = mock.CreateTopic(partitions: 1);
        using var producer = Producer(mock.BootstrapServers);

        mock.FailNext(MockRequest.Produce, ErrorCode.InvalidRecord);
        var refused = await Should.ThrowAsync<ProduceException<string, string>>(producer.ProduceAsync(topic, new Message<string, string> { Value = "first" }));
        refused.Error.Code.ShouldBe(ErrorCode.InvalidRecord);

        (await producer.ProduceAsync(topic, new Message<string, string> { Value = "second" })).Status.ShouldBe(PersistenceStatus.Persisted);
    }

    [Fact]
    public async Task A_mock_broker_that_is_down_takes_nothing_until_it_is_up()
    {
        using var mock = await MockCluster.StartAsync(brokers: 2);
        var topic = mock.CreateTopic(partitions: 1);
        mock.SetLeader(topic, 0, 2);
        using var producer = Producer(mock.BootstrapServers);
        await producer.ProduceAsync(topic, new Message<string, string> { Value = "before" });

        mock.SetDown(2);
        var waiting = producer.ProduceAsync(topic, new Message<string, string> { Value = "after" });
        producer.Flush(TimeSpan.FromSeconds(1)).ShouldBe(1);
        mock.SetUp(2);

        (await waiting.WaitAsync(Patience)).Offset.ShouldBe(new Offset(1));
    }

    [Fact]
    public async Task A_mock_topic_can_be_refused_in_metadata()
    {
        using var mock = await MockCluster.StartAsync();
        var topic = mock.CreateTopic(partitions: 1);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = mock.BootstrapServers }).SetLogHandler((_, _) => { }).Build();

        mock.SetTopicError(topic, ErrorCode.TopicAuthorizationFailed);
        admin.GetMetadata(topic, Patience).Topics.Single().Error.Code.ShouldBe(ErrorCode.TopicAuthorizationFailed);

        mock.SetTopicError(topic, ErrorCode.NoError);
        admin.GetMetadata(topic, Patience).Topics.Single().Partitions.Count.ShouldBe(1);
    }

    private static IProducer<string, string> Producer(string servers) => new ProducerBuilder<string, string>(
        new ProducerConfig { BootstrapServers = servers, Acks = Acks.All, MessageTimeoutMs = 60_000 }).SetLogHandler((_, _) => { }).Build();
}

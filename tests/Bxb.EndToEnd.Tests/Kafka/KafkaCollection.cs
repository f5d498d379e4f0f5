namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>Hosts on brokers are many processes: the tests that start them run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class KafkaCollection
{
    public const string Name = "hosts on Kafka";
}

namespace Bxb.Riders.Kafka.Topics;

/// <summary>What things are called on Kafka.</summary>
internal static class TopicNames
{
    /// <summary>The topic of a group's dead letters.</summary>
    public static string DeadLetter(KafkaOptions options, string group) => $"{options.Topic}.{group}.dead-letter";

    /// <summary>A consumer group's id on Kafka.</summary>
    public static string Group(KafkaOptions options, string group) => options.GroupPrefix + group;

    /// <summary>The relay's transactional id: one for the topic, whichever host relays, so that the brokers fence the host before.</summary>
    public static string RelayTransactions(KafkaOptions options) => "bxb-relay/" + options.Topic;
}

using Bxb.Testing;
using Confluent.Kafka;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>Whether the copies of a topic's partitions are what they should be: before that, the death of another broker takes more away than Kafka promises to bear.</summary>
internal static class Replicas
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(10);

    /// <summary>Returns once every partition of the topics that Kafka has, its own included, has all its copies in sync.</summary>
    public static async Task InSyncAsync(TestKafka brokers)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = brokers.BootstrapServers })
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        var behind = "";
        await Eventually.HoldsAsync(
            async () => (behind = await Task.Run(() => Behind(admin))).Length == 0, () => $"All copies are in sync (not those of {behind})", Patience);
    }

    private static string Behind(IAdminClient admin)
    {
        try
        {
            var partitions = admin.GetMetadata(AnswerTime).Topics.SelectMany(t => t.Partitions.Select(p => (t.Topic, Partition: p)));
            return string.Join(", ", partitions.Where(p => p.Partition.InSyncReplicas.Length < p.Partition.Replicas.Length).Select(p => $"{p.Topic}/{p.Partition.PartitionId}"));
        }
        catch (KafkaException away)
        {
            return away.Message;
        }
    }
}

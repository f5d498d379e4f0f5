using System.Globalization;
using Confluent.Kafka.Admin;

namespace Bxb.Riders.Kafka.Topics;

/// <summary>What a topic is made with, and must offer when it is there already. More of anything fits.</summary>
/// <param name="Name">The topic.</param>
/// <param name="Partitions">Fewest partitions.</param>
/// <param name="ReplicationFactor">Fewest copies of each.</param>
/// <param name="MinInsyncReplicas">Fewest copies that must have a record before it counts as written.</param>
/// <param name="Retention">How long a record is kept at least; null for ever.</param>
/// <param name="MaxRecordBytes">The largest record, in bytes.</param>
internal sealed record TopicPlan(string Name, int Partitions, short ReplicationFactor, int MinInsyncReplicas, TimeSpan? Retention, int MaxRecordBytes)
{
    private const string MinInsync = "min.insync.replicas";
    private const string RetentionTime = "retention.ms";
    private const string Cleanup = "cleanup.policy";
    private const string MaxMessage = "max.message.bytes";

    /// <summary>The topic of the events.</summary>
    public static TopicPlan Events(KafkaOptions options) =>
        new(options.Topic, options.Partitions, options.ReplicationFactor, options.MinInsyncReplicas, options.Retention, options.MaxRecordBytes);

    /// <summary>A group's dead letters: few, kept without a time limit, and larger than the record that they hold.</summary>
    public static TopicPlan DeadLetters(KafkaOptions options, string group) =>
        new(TopicNames.DeadLetter(options, group), 1, options.ReplicationFactor, options.MinInsyncReplicas, Retention: null, options.MaxRecordBytes * 2);

    /// <summary>For making it.</summary>
    public TopicSpecification Specification() => new()
    {
        Name = Name,
        NumPartitions = Partitions,
        ReplicationFactor = ReplicationFactor,
        Configs = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [MinInsync] = Text(MinInsyncReplicas),
            [RetentionTime] = Text(Retention is { } retention ? (long)retention.TotalMilliseconds : -1),
            [Cleanup] = "delete",
            [MaxMessage] = Text(MaxRecordBytes),
        },
    };

    /// <summary>What does not fit of a topic that is there, as one sentence; null when all does.</summary>
    /// <param name="found">Its partitions.</param>
    /// <param name="settings">Its settings, by Kafka's names for them. One that is missing is not judged.</param>
    public string? FindMisfit(TopicDescription found, IReadOnlyDictionary<string, string> settings)
    {
        var copies = found.Partitions.Min(p => p.Replicas.Count);
        var faults = new List<string>();
        if (found.Partitions.Count < Partitions)
        {
            faults.Add($"it has {found.Partitions.Count} partitions and at least {Partitions} are wanted");
        }

        if (copies < ReplicationFactor)
        {
            faults.Add($"it has {copies} copies of a partition and at least {ReplicationFactor} are wanted");
        }

        if (Number(settings, MinInsync) is { } insync && insync < MinInsyncReplicas)
        {
            faults.Add($"its {MinInsync} is {insync} and at least {MinInsyncReplicas} is wanted");
        }

        if (Number(settings, MinInsync) is { } needed && needed > copies)
        {
            faults.Add($"its {MinInsync} is {needed} and it has {copies} copies, so that nothing can be written");
        }

        if (Number(settings, RetentionTime) is { } kept and >= 0 && (Retention is null || kept < Retention.Value.TotalMilliseconds))
        {
            faults.Add($"it keeps records for {TimeSpan.FromMilliseconds(kept)} and {(Retention is { } time ? time.ToString() : "no limit")} is wanted ({RetentionTime})");
        }

        if (settings.TryGetValue(Cleanup, out var policy) && policy.Contains("compact", StringComparison.Ordinal))
        {
            faults.Add($"its {Cleanup} is {policy}, which would keep only the last event of each customer");
        }

        return faults.Count == 0 ? null : $"The topic {Name} does not fit: {string.Join("; ", faults)}.";
    }

    /// <summary>The largest record that the topic takes, in bytes: a lower limit than the plan's is its owner's choice, and what is larger becomes a dead letter.</summary>
    public int LimitOf(IReadOnlyDictionary<string, string> settings) => (int)Math.Min(MaxRecordBytes, Number(settings, MaxMessage) ?? MaxRecordBytes);

    private static long? Number(IReadOnlyDictionary<string, string> settings, string name) =>
        settings.TryGetValue(name, out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Topics;

/// <summary>Makes the topics that are missing, and says of those that are there what does not fit. Never changes one: that is their owner's. Thread-safe.</summary>
/// <remarks>The wait for brokers and the wait for their answer each take <see cref="KafkaOptions.RequestTimeout"/> at most.</remarks>
internal sealed partial class TopicSetup(KafkaAdmin admin, IOptions<KafkaOptions> options, TimeProvider time, ILogger<TopicSetup> logger)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Makes the topic of the events, or checks that the one there fits.</summary>
    /// <exception cref="TopicException">It does not fit, cannot be made, or the brokers do not answer.</exception>
    public Task<TopicState> EnsureEventsAsync(CancellationToken cancellationToken) => EnsureAsync(TopicPlan.Events(options.Value), cancellationToken);

    /// <summary>Makes the topic of a group's dead letters, or checks that the one there fits.</summary>
    /// <exception cref="TopicException">It does not fit, cannot be made, or the brokers do not answer.</exception>
    public Task<TopicState> EnsureDeadLettersAsync(string group, CancellationToken cancellationToken) => EnsureAsync(TopicPlan.DeadLetters(options.Value, group), cancellationToken);

    /// <summary>The topic of the events as it stands; null when there is none.</summary>
    /// <exception cref="TopicException">The brokers do not answer, or do not let this host see it.</exception>
    public async Task<TopicState?> DescribeEventsAsync(CancellationToken cancellationToken)
    {
        var plan = TopicPlan.Events(options.Value);
        return await FindAsync(plan.Name, cancellationToken) is { } found ? State(found, plan, await SettingsAsync(plan.Name, cancellationToken)) : null;
    }

    /// <summary>The end of each of a topic's partitions: the offset behind the last record, committed or not.</summary>
    /// <exception cref="TopicException">The brokers do not answer.</exception>
    public async Task<long[]> FindEndsAsync(string topic, int partitions, CancellationToken cancellationToken)
    {
        var asked = Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(topic, p), OffsetSpec = OffsetSpec.Latest() });
        try
        {
            var listed = await admin.AskAsync(
                (a, _) => a.ListOffsetsAsync(asked, new() { RequestTimeout = options.Value.RequestTimeout, IsolationLevel = IsolationLevel.ReadUncommitted }), cancellationToken);
            var found = listed.ResultInfos.Select(r => r.TopicPartitionOffsetError);
            return [.. found.OrderBy(o => o.Partition.Value).Select(o => o.Offset.Value)];
        }
        catch (ListOffsetsException exception)
        {
            throw new TopicException($"The ends of the topic {topic} cannot be told: {exception.Message}", exception);
        }
        catch (KafkaException exception)
        {
            throw Unanswered(topic, exception);
        }
    }

    private async Task<TopicState> EnsureAsync(TopicPlan plan, CancellationToken cancellationToken)
    {
        var found = await FindAsync(plan.Name, cancellationToken);
        if (found is null)
        {
            await CreateAsync(plan, cancellationToken);
            found = await AwaitAsync(plan.Name, cancellationToken);
        }

        var settings = await SettingsAsync(plan.Name, cancellationToken);
        return plan.FindMisfit(found, settings) is { } misfit ? throw new TopicException(misfit) : State(found, plan, settings);
    }

    private async Task CreateAsync(TopicPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            await admin.AskAsync(
                async (a, _) =>
                {
                    await a.CreateTopicsAsync([plan.Specification()], new() { OperationTimeout = options.Value.RequestTimeout, RequestTimeout = options.Value.RequestTimeout });
                    return true;
                },
                cancellationToken);
            LogMade(logger, plan.Name, plan.Partitions, plan.ReplicationFactor, plan.MinInsyncReplicas, plan.Retention);
        }
        catch (CreateTopicsException exception) when (exception.Results.TrueForAll(r => r.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            LogMadeElsewhere(logger, plan.Name);
        }
        catch (CreateTopicsException exception)
        {
            throw new TopicException($"The topic {plan.Name} cannot be made: {string.Join("; ", exception.Results.Select(r => r.Error.Reason))}", exception);
        }
        catch (KafkaException exception)
        {
            throw Unanswered(plan.Name, exception);
        }
    }

    /// <summary>What one broker has made, the next one knows a moment later.</summary>
    private async Task<TopicDescription> AwaitAsync(string topic, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            if (await FindAsync(topic, cancellationToken) is { Partitions.Count: > 0 } found)
            {
                return found;
            }

            if (time.GetElapsedTime(started) > options.Value.RequestTimeout)
            {
                throw new TopicException($"The topic {topic} was made, and the brokers do not know it after {options.Value.RequestTimeout}.");
            }

            await Task.Delay(LookInterval, time, cancellationToken);
        }
    }

    private async Task<TopicDescription?> FindAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            var described = await admin.AskAsync(
                (a, seen) =>
                {
                    RequireInSync(topic, seen);
                    return a.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]), new() { RequestTimeout = options.Value.RequestTimeout });
                },
                cancellationToken);
            return described.TopicDescriptions[0];
        }
        catch (DescribeTopicsException exception) when (exception.Results.TopicDescriptions.TrueForAll(t => t.Error.Code == ErrorCode.UnknownTopicOrPart))
        {
            return null;
        }
        catch (DescribeTopicsException exception)
        {
            throw new TopicException($"The topic {topic} cannot be looked at: {string.Join("; ", exception.Results.TopicDescriptions.Select(t => t.Error.Reason))}", exception);
        }
        catch (KafkaException exception)
        {
            throw Unanswered(topic, exception);
        }
    }

    private async Task<IReadOnlyDictionary<string, string>> SettingsAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic };
            var described = await admin.AskAsync((a, _) => a.DescribeConfigsAsync([resource], new() { RequestTimeout = options.Value.RequestTimeout }), cancellationToken);
            return described[0].Entries.ToDictionary(e => e.Key, e => e.Value.Value, StringComparer.Ordinal);
        }
        catch (DescribeConfigsException exception)
        {
            throw new TopicException($"The settings of the topic {topic} cannot be looked at: {string.Join("; ", exception.Results.Select(r => r.Error.Reason))}", exception);
        }
        catch (KafkaException exception)
        {
            throw Unanswered(topic, exception);
        }
    }

    /// <summary>The client closes itself on the description of a topic that has a partition without a replica in sync.</summary>
    private static void RequireInSync(string topic, Metadata seen)
    {
        if (seen.Topics.Find(t => t.Topic == topic)?.Partitions.Find(p => p.InSyncReplicas.Length == 0) is { } partition)
        {
            throw new TopicException($"Partition {partition.PartitionId} of the topic {topic} has no replica in sync.");
        }
    }

    private static TopicState State(TopicDescription found, TopicPlan plan, IReadOnlyDictionary<string, string> settings) =>
        new(found.Name, found.TopicId.ToString(), found.Partitions.Count, plan.LimitOf(settings));

    private static TopicException Unanswered(string topic, KafkaException exception) => new($"The brokers do not answer about the topic {topic}: {exception.Error.Reason}", exception);

    [LoggerMessage(2120, LogLevel.Information, "Made the topic {Topic}: {Partitions} partitions, {Copies} copies of each, written when {MinInsync} have it, kept for {Retention}")]
    private static partial void LogMade(ILogger logger, string topic, int partitions, short copies, int minInsync, TimeSpan? retention);

    [LoggerMessage(2121, LogLevel.Debug, "The topic {Topic} was made by another host at the same moment")]
    private static partial void LogMadeElsewhere(ILogger logger, string topic);
}

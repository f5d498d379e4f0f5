using Bxb.Riders.Kafka.Topics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Takes the topic over for this host, under the lease of the relay. Used by one task at a time.</summary>
/// <remarks>
/// The order matters: the topic, the next epoch in PostgreSQL, the transactional id on Kafka, which fences off every earlier producer, then a second look at the epoch. A host that was
/// suspended between epoch and transactional id would otherwise fence off the host that has overtaken it (decision 10).
/// </remarks>
internal sealed partial class RelayOwnership(
    TopicSetup topics, RelayStore store, RelayProducerFactory producers, RelayActivity activity, IOptions<KafkaOptions> options, IOptions<RidersOptions> ridersOptions, ILogger<OutboxRelay> logger)
{
    // Room for the note of a record that is too large, with the longest key.
    private const int FewestRecordBytes = 4_096;

    /// <summary>The epoch that this host has taken last; 0 before the first.</summary>
    public long Epoch { get; private set; }

    /// <summary>Takes over, and returns what the session needs. The producer is the caller's to dispose of.</summary>
    /// <exception cref="TopicException">The topic does not fit, or the brokers do not answer.</exception>
    /// <exception cref="RelayException">The brokers do not fence earlier producers off.</exception>
    /// <exception cref="OwnershipLostException">Another host has a later epoch.</exception>
    public async Task<(TopicState Topic, RelayProducer Producer, RelayCheckpoint Checkpoint)> TakeOverAsync(CancellationToken cancellationToken)
    {
        var name = options.Value.Topic;
        activity.TakingOver((await store.ReadAsync(name, cancellationToken))?.Position ?? 0);
        var topic = await topics.EnsureEventsAsync(cancellationToken);
        if (topic.MaxRecordBytes < FewestRecordBytes)
        {
            throw new TopicException($"The topic {topic.Name} takes records of {topic.MaxRecordBytes} bytes, and at least {FewestRecordBytes} are needed (max.message.bytes).");
        }

        var taken = await TakeEpochAsync(topic, cancellationToken);
        var producer = await producers.StartAsync(taken.Partitions, topic.MaxRecordBytes, cancellationToken);
        try
        {
            var checkpoint = await RegainAsync(await ConfirmAsync(taken, cancellationToken), cancellationToken);
            LogHeld(logger, name, checkpoint.Position, checkpoint.Epoch, checkpoint.Partitions);
            return (topic, producer, checkpoint);
        }
        catch
        {
            await producer.DisposeAsync();
            throw;
        }
    }

    private async Task<RelayCheckpoint> TakeEpochAsync(TopicState topic, CancellationToken cancellationToken)
    {
        var (checkpoint, isNewTopic) = await store.TakeOverAsync(topic, ridersOptions.Value.Owner, cancellationToken);
        Epoch = checkpoint.Epoch;
        activity.TakingOver(checkpoint.Position);
        if (isNewTopic)
        {
            LogNewTopic(logger, topic.Name, topic.Id, checkpoint.Position);
        }

        return checkpoint.Partitions <= topic.Partitions
            ? checkpoint
            : throw new TopicException($"The topic {topic.Name} has {topic.Partitions} partitions, and {checkpoint.Partitions} were written to.");
    }

    /// <summary>The owner before may have stored its last commit since, and a newer owner may have come.</summary>
    private async Task<RelayCheckpoint> ConfirmAsync(RelayCheckpoint taken, CancellationToken cancellationToken)
    {
        var checkpoint = await store.ReadAsync(taken.Topic, cancellationToken);
        return checkpoint?.Epoch == taken.Epoch ? checkpoint : throw new OwnershipLostException(OutboxRelay.LeaseName(taken.Topic));
    }

    /// <summary>A topic can lose committed records when all of its replicas crash at once. They are carried to it again.</summary>
    private async Task<RelayCheckpoint> RegainAsync(RelayCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var ends = await topics.FindEndsAsync(checkpoint.Topic, checkpoint.Partitions, cancellationToken);
        if (!checkpoint.Offsets.Zip(ends).Any(o => o.First > o.Second))
        {
            return checkpoint;
        }

        var regained = await store.GoBackAsync(checkpoint.Topic, checkpoint.Epoch, ends, cancellationToken)
            ?? throw new TopicException($"The topic {checkpoint.Topic} has lost records, and from where on cannot be told.");
        LogLostRecords(logger, checkpoint.Topic, checkpoint.Position, regained.Position);
        return regained;
    }

    [LoggerMessage(2133, LogLevel.Information, "This host carries the log to the topic {Topic}, from behind position {Position} on, epoch {Epoch}, over {Partitions} partitions.")]
    private static partial void LogHeld(ILogger logger, string topic, long position, long epoch, int partitions);

    [LoggerMessage(2136, LogLevel.Error,
        "The topic {Topic} is another one than before (its id is {Id} now): what it held is gone. "
        + "Everything behind position {Position}, up to which all consumer groups are done, is carried to it again.")]
    private static partial void LogNewTopic(ILogger logger, string topic, string id, long position);

    [LoggerMessage(2140, LogLevel.Error, "The topic {Topic} has lost records that were committed. It was at position {Position}; everything behind {Regained} is carried to it again.")]
    private static partial void LogLostRecords(ILogger logger, string topic, long position, long regained);
}

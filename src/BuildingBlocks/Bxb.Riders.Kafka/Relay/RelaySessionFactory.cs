using Bxb.EventLog.Reading;
using Bxb.Riders.Kafka.Topics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Makes relay sessions. Thread-safe.</summary>
internal sealed class RelaySessionFactory(
    EventLogReader log, SettledPosition settled, TopicSetup topics, RelayStore store, RelayLetters letters, RelayProgress progress, RelayActivity activity, RelayInstruments instruments,
    IOptions<KafkaOptions> options, TimeProvider time, ILogger<OutboxRelay> logger)
{
    /// <summary>Makes a session that continues from a checkpoint. The producer stays the caller's.</summary>
    public RelaySession Create(TopicState topic, RelayProducer producer, RelayCheckpoint checkpoint) => new(
        topic,
        producer,
        new RelayReader(log, settled, options.Value.Relay, time),
        new CheckpointWriter(checkpoint, topic, options.Value.Retention, store, progress, time),
        new RelayRequeue(letters, log, producer, topic.Name, checkpoint.Epoch, time, logger),
        letters,
        () => new TopicWatch(topic, topics, time, logger),
        activity,
        instruments,
        time,
        logger);
}

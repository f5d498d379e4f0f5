using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Starts the relay's producers. Thread-safe.</summary>
internal sealed class RelayProducerFactory(KafkaClients clients, KafkaLog log, RelayActivity activity, IOptions<KafkaOptions> options, TimeProvider time)
{
    /// <summary>Starts a producer and fences off every earlier one. The caller disposes of it.</summary>
    /// <param name="partitions">Number of partitions that the records are spread over.</param>
    /// <param name="limit">The largest record that the topic takes, in bytes before compression.</param>
    /// <param name="cancellationToken">Ends the call; earlier producers may be fenced off or not.</param>
    /// <exception cref="RelayException">The brokers do not answer in time, or do not allow it.</exception>
    public Task<RelayProducer> StartAsync(int partitions, int limit, CancellationToken cancellationToken) =>
        RelayProducer.StartAsync(clients, partitions, limit, options.Value, activity.Failing, time, log, cancellationToken);
}

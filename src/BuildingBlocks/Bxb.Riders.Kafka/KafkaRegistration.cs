using Bxb.EventLog.Schema;
using Bxb.Riders.Kafka.Consuming;
using Bxb.Riders.Kafka.DeadLetters;
using Bxb.Riders.Kafka.Relay;
using Bxb.Riders.Kafka.Topics;
using Bxb.Riders.Transport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka;

/// <summary>Makes Kafka the transport of a host.</summary>
public static class KafkaRegistration
{
    /// <summary>
    /// Feeds the consumer groups from Kafka instead of the log itself; nothing of them changes. Before <c>AddRiders</c>. The options are registered apart.
    /// </summary>
    /// <param name="services">The host's container.</param>
    /// <param name="withRelay">Whether this host may carry the log to the topic; one host at a time does, and at least one must be able to.</param>
    public static IServiceCollection UsingKafka(this IServiceCollection services, bool withRelay = true)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSqlMigrations(typeof(KafkaRegistration).Assembly, "kafka", "Schema");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KafkaOptions>, KafkaOptionsValidator>());
        services.AddSingleton<KafkaClients>();
        services.AddSingleton<KafkaLog>();
        services.AddSingleton<KafkaAdmin>();
        services.AddSingleton<TopicSetup>();
        services.AddRelayState();
        services.AddSingleton<PartitionPlaces>();
        services.AddSingleton<UnreadableRecords>();
        services.AddSingleton<KafkaTopic>();
        services.AddSingleton<KafkaTransport>();
        services.AddSingleton<IEventTransport>(provider => provider.GetRequiredService<KafkaTransport>());
        services.AddHostedService<DeadLetterPublisher>();
        return withRelay ? services.AddOutboxRelay() : services;
    }
}

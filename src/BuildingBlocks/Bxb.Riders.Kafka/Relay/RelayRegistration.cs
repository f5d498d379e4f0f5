using Bxb.EventLog.Reading;
using Bxb.EventLog.Schema;
using Bxb.Riders.Kafka.Topics;
using Bxb.Riders.PostgresLog;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Adds the relay to a host.</summary>
internal static class RelayRegistration
{
    /// <summary>Registers what every host on Kafka knows of the relay: its state, and how clients and topics are made. Needs <c>AddEventLog</c>, <c>AddRiders</c> and <see cref="KafkaOptions"/>.</summary>
    public static IServiceCollection AddRelayState(this IServiceCollection services)
    {
        if (services.Any(s => s.ServiceType == typeof(RelayStore)))
        {
            return services;
        }

        services.AddSqlMigrations(typeof(RelayRegistration).Assembly, "kafka", "Schema");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KafkaOptions>, KafkaOptionsValidator>());
        services.TryAddSingleton<KafkaClients>();
        services.TryAddSingleton<TopicSetup>();
        services.TryAddSingleton<RelayProgress>();
        services.AddSingleton<RelayStore>();
        services.AddSingleton<RelayActivity>();
        services.AddSingleton(p => new RelayMonitor(
            p.GetRequiredService<NpgsqlDataSource>(), p.GetRequiredService<GroupLocks>(), p.GetRequiredService<SettledPosition>(), p.GetRequiredService<RelayActivity>(),
            p.GetRequiredService<IOptions<KafkaOptions>>()));
        return services;
    }

    /// <summary>Registers the relay, and all of <see cref="AddRelayState"/>.</summary>
    public static IServiceCollection AddOutboxRelay(this IServiceCollection services)
    {
        services.AddRelayState();
        services.AddSingleton<RelayInstruments>();
        services.AddSingleton<RelayHealth>();
        services.AddSingleton<RelayServices>();
        services.AddHealthChecks().AddCheck<RelayHealth>(RelayHealth.Name, tags: ["ready"]);
        services.AddHostedService<OutboxRelay>();
        return services;
    }
}

using Bxb.Riders.Transport;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Adds the relay to a host.</summary>
internal static class RelayRegistration
{
    /// <summary>Registers what every host on Kafka knows of the relay, whichever host runs it. Needs <c>AddEventLog</c>, <c>AddRiders</c> and what makes clients and topics.</summary>
    public static IServiceCollection AddRelayState(this IServiceCollection services)
    {
        services.AddSingleton<RelayProgress>();
        services.AddSingleton<RelayStore>();
        services.AddSingleton<RelayActivity>();
        services.AddSingleton<IRelay, RelayMonitor>();
        return services;
    }

    /// <summary>Registers the relay itself; <see cref="AddRelayState"/> goes with it.</summary>
    public static IServiceCollection AddOutboxRelay(this IServiceCollection services)
    {
        services.AddSingleton<RelayInstruments>();
        services.AddSingleton<RelayLetters>();
        services.AddSingleton<RelayHealth>();
        services.AddSingleton<RelayProducerFactory>();
        services.AddSingleton<RelayOwnership>();
        services.AddSingleton<RelaySessionFactory>();
        services.AddHealthChecks().AddCheck<RelayHealth>(RelayHealth.Name, tags: ["ready"]);
        services.AddHostedService<OutboxRelay>();
        return services;
    }
}

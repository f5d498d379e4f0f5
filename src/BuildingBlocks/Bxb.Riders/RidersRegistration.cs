using Bxb.EventLog;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Schema;
using Bxb.Riders.Delivery;
using Bxb.Riders.Failures;
using Bxb.Riders.Health;
using Bxb.Riders.Leases;
using Bxb.Riders.Pipeline;
using Bxb.Riders.PostgresLog;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;
using MassTransit;
using MassTransit.Configuration;
using MassTransit.DependencyInjection.Registration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.Riders;

/// <summary>Adds consumer groups and the rider that delivers the log to them.</summary>
public static class RidersRegistration
{
    /// <summary>Adds a consumer group: every record of the log is delivered to <typeparamref name="TConsumer"/>, batch by batch, in log order. Call it before or after <c>AddRiders</c>.</summary>
    /// <param name="services">The host's container.</param>
    /// <param name="group">The group's name, 1 to 100 characters of a-z, 0-9, '-', '_'; its progress is stored under this name, so it must not change.</param>
    /// <param name="configure">Sets the group's options; checked when the bus is built.</param>
    public static IServiceCollection AddEventConsumer<TConsumer>(this IServiceCollection services, string group, Action<EventConsumerOptions>? configure = null)
        where TConsumer : class, IConsumer<EventBatch>
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(group);
        services.RegisterConsumer<TConsumer>(new DependencyInjectionRiderContainerRegistrar<IBus>(services));
        return services.AddRegistration(group, typeof(TConsumer), configure);
    }

    /// <summary>Adds a consumer group with a definition: its <c>ConfigureConsumer</c> and concurrency limit apply to the group.</summary>
    public static IServiceCollection AddEventConsumer<TConsumer, TDefinition>(this IServiceCollection services, string group, Action<EventConsumerOptions>? configure = null)
        where TConsumer : class, IConsumer<EventBatch>
        where TDefinition : class, IConsumerDefinition<TConsumer>
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(group);
        services.RegisterConsumer<TConsumer, TDefinition>(new DependencyInjectionRiderContainerRegistrar<IBus>(services));
        return services.AddRegistration(group, typeof(TConsumer), configure);
    }

    /// <summary>Adds the bus and the rider that delivers the event log to all consumer groups. Called once, by the host; requires <c>AddEventLog</c>.</summary>
    /// <param name="services">The host's container.</param>
    /// <param name="configure">Sets the options of all groups.</param>
    /// <param name="bus">Adds consumers of hints to the in-memory bus.</param>
    public static IServiceCollection AddRiders(this IServiceCollection services, Action<RidersOptions>? configure = null, Action<IBusRegistrationConfigurator>? bus = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<RidersOptions>().Configure(configure ?? (_ => { })).ValidateDataAnnotations().ValidateOnStart();
        services.AddSqlMigrations(typeof(RidersRegistration).Assembly, "riders", "Schema");
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddLogging(logging => logging.AddFilter(EventDispatcher.LogCategory, LogLevel.None));
        services.AddSingleton<GroupRegistry>();
        services.AddSingleton<RidersInstruments>();
        services.AddSingleton<ConsumerProgress>();
        services.AddSingleton<TakeOver>();
        services.AddSingleton<DeadLetterStore>();
        services.AddSingleton<PartitionWorkerFactory>();
        services.AddSingleton<ReceiveLoopFactory>();
        services.AddSingleton<GroupHealth>();
        services.AddHostedService<LeaseRenewal>();
        services.AddSingleton(p => new ConsumerGroups(
            p.GetRequiredService<ConsumerProgress>(), p.GetRequiredService<EventAges>(), p.GetRequiredService<GroupRegistry>(), p.GetRequiredService<IEventTransport>(),
            p.GetRequiredService<SettledPosition>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new DeadLetterQueue(p.GetRequiredService<NpgsqlDataSource>(), p.GetRequiredService<GroupRegistry>()));
        services.AddSingleton(provider => new LeaseStore(
            provider.GetRequiredService<IOptions<EventLogOptions>>().Value.ConnectionString, provider.GetRequiredService<NpgsqlDataSource>()));
        services.TryAddSingleton<IEventTransport, PostgresLogTransport>();
        services.AddHealthChecks().AddCheck<GroupHealth>(GroupHealth.Name, tags: ["ready"]);
        services.AddMassTransit(x =>
        {
            x.DisableUsageTelemetry();

            // A fault of an endpoint is a fault of its consumer group: the host still takes events.
            x.ConfigureHealthCheckOptions(health => health.MinimalFailureStatus = HealthStatus.Degraded);
            bus?.Invoke(x);
            x.AddRider(rider => rider.SetRiderFactory(new EventRiderFactory()));
            x.UsingInMemory((context, factory) => factory.ConfigureEndpoints(context));
        });
        return services;
    }

    private static IServiceCollection AddRegistration(this IServiceCollection services, string group, Type consumer, Action<EventConsumerOptions>? configure)
    {
        var options = new EventConsumerOptions();
        configure?.Invoke(options);
        services.AddSingleton(new EventConsumerRegistration(group, consumer, options));
        return services;
    }
}

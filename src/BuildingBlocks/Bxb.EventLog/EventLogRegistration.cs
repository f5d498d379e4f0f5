using Bxb.EventLog.Appending;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Schema;
using Bxb.EventLog.Spans;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.EventLog;

/// <summary>Adds the event log to a host.</summary>
public static class EventLogRegistration
{
    /// <summary>Registers the log: the data source of its database, appender, settled position, reader, queries, partitions, and the migrations of its schema.</summary>
    /// <remarks>Opens no connection. The host awaits <see cref="SqlMigrationRegistration.MigrateSqlAsync"/> before it starts.</remarks>
    public static IServiceCollection AddEventLog(this IServiceCollection services, Action<EventLogOptions> configure)
    {
        services.AddOptions<EventLogOptions>().Configure(configure).ValidateDataAnnotations().ValidateOnStart();
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => EventLogConnections.CreateGeneral(provider.GetRequiredService<IOptions<EventLogOptions>>().Value.ConnectionString));
        services.AddSingleton<EventLogConnections>();
        services.AddSingleton<EventLogInstruments>();
        services.AddSqlMigrations(typeof(EventLogRegistration).Assembly, "event_log", "Schema");

        // By factory, because their constructors are internal.
        services.AddSingleton<PartitionMaker>();
        services.AddSingleton<LogNotifier>();
        services.AddSingleton(p => new EventLogQueries(p.GetRequiredService<EventLogConnections>(), p.GetRequiredService<IOptions<EventLogOptions>>()));
        services.AddSingleton(p => new ServerWatch(
            p.GetRequiredService<NpgsqlDataSource>(), p.GetRequiredService<EventLogConnections>(), p.GetRequiredService<EventLogInstruments>(),
            p.GetRequiredService<IOptions<EventLogOptions>>(), p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<ServerWatch>>()));
        services.AddSingleton(p => new EventLogReader(p.GetRequiredService<EventLogConnections>()));
        services.AddSingleton(p => new SettledPosition(
            p.GetRequiredService<EventLogConnections>(), p.GetRequiredService<EventLogInstruments>(), p.GetRequiredService<IOptions<EventLogOptions>>(),
            p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<SettledPosition>>()));
        services.AddSingleton(p => new EventLogAppender(
            p.GetRequiredService<EventLogConnections>(), p.GetRequiredService<PartitionMaker>(), p.GetRequiredService<SettledPosition>(),
            p.GetRequiredService<LogNotifier>(), p.GetRequiredService<EventLogInstruments>(), p.GetRequiredService<IOptions<EventLogOptions>>(),
            p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<EventLogAppender>>()));

        services.AddSingleton<EventAges>();
        services.AddSingleton<EventLogTimes>();
        services.AddSingleton<EventLogTotals>();
        services.AddSingleton<SpanKeeper>();

        // Stopped in reverse order: the appender drains before the services that it signals stop.
        services.AddHostedService(provider => provider.GetRequiredService<ServerWatch>());
        services.AddHostedService(provider => provider.GetRequiredService<PartitionMaker>());
        services.AddHostedService(provider => provider.GetRequiredService<SettledPosition>());
        services.AddHostedService(provider => provider.GetRequiredService<SpanKeeper>());
        services.AddHostedService(provider => provider.GetRequiredService<LogNotifier>());
        services.AddHostedService(provider => provider.GetRequiredService<EventLogAppender>());
        return services;
    }
}

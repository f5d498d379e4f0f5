using Bxb.EventLog.Schema;
using Bxb.Riders.Progress;
using Bxb.Riders.Replays.Shadow;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Riders.Replays;

/// <summary>Adds replays of consumer groups.</summary>
public static class ReplaysRegistration
{
    /// <summary>Adds <see cref="GroupReplays"/> and what runs replays on this host. Called once, by the host, before <c>AddRiders</c>, so that a stop reaches the consumer groups first.</summary>
    public static IServiceCollection AddReplays(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        // The set runs after the set riders, whose tables it changes: sets run in the order of their names.
        services.AddSqlMigrations(typeof(ReplaysRegistration).Assembly, "riders_replays", "Schema");
        services.AddSingleton<IRedelivery, RangeTable>();
        services.AddSingleton<ReplayPlanner>();
        services.AddSingleton<ReplayTable>();
        services.AddSingleton<ShadowTable>();
        services.AddSingleton<ShadowReplayFactory>();
        services.AddSingleton<ShadowReplayService>();
        services.AddHostedService(p => p.GetRequiredService<ShadowReplayService>());
        return services.AddSingleton(p => new GroupReplays(
            p.GetRequiredService<ReplayTable>(), p.GetRequiredService<ReplayPlanner>(), p.GetRequiredService<ConsumerProgress>(), p.GetRequiredService<GroupRegistry>(),
            p.GetRequiredService<ShadowReplayFactory>(), p.GetRequiredService<ShadowReplayService>()));
    }

    /// <summary>Makes it possible to replay a group into a copy of its store. Without it the group can only be replayed in place.</summary>
    /// <param name="services">The host's container.</param>
    /// <param name="group">The group.</param>
    /// <param name="create">Creates the copy's store, once for each attempt.</param>
    public static IServiceCollection AddShadowStore(this IServiceCollection services, string group, Func<IServiceProvider, IShadowStore> create)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddSingleton(new ShadowStoreRegistration(group, create));
    }
}

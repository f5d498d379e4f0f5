using Bxb.Analytics.Loading;
using Bxb.Analytics.Queries.ClickHouseStore;
using Bxb.Analytics.Queries.PostgresStore;
using Bxb.ClickHouse;
using Bxb.EventLog;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Schema;
using Bxb.Modularity.Settings;
using Bxb.Riders;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.Analytics.Queries;

/// <summary>Adds usage queries. Without a <see cref="ClickHouseClient"/> in the container PostgreSQL answers all of them.</summary>
internal static class UsageRegistration
{
    public static IServiceCollection AddUsageQueries(this IServiceCollection services, IConfigurationSection bxb)
    {
        services.AddValidatedOptions<UsageQueryOptions>(bxb, "Usage");
        services.AddSqlMigrations(typeof(UsageRegistration).Assembly, "analytics", "Queries/PostgresSchema");
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<UsageQueryOptions>>().Value);
        services.AddSingleton(provider => new PostgresRunner(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<UsageQueryOptions>()));
        services.AddSingleton<PostgresUsage>();
        // Null without ClickHouse. Registered so that the container disposes it.
        services.AddSingleton(provider => ClickHouse(provider)!);
        return services.AddSingleton(provider => new UsageAnswering(
            provider.GetService<WatchedStore>(), Postgres(provider), provider.GetRequiredService<SettledPosition>(), provider.GetRequiredService<UsageQueryOptions>(),
            provider.GetRequiredService<AnalyticsInstruments>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<UsageAnswering>>()));
    }

    private static WatchedStore Postgres(IServiceProvider provider) => new(
        provider.GetRequiredService<PostgresUsage>(), Outage(provider, "PostgreSQL does not answer usage queries"), breaker: null);

    private static WatchedStore? ClickHouse(IServiceProvider provider)
    {
        if (provider.GetService<ClickHouseClient>() is not { } client)
        {
            return null;
        }

        var options = provider.GetRequiredService<UsageQueryOptions>();
        var store = new ClickHouseUsage(new ClickHouseRunner(client, options), provider.GetRequiredService<ConsumerGroups>(), provider.GetRequiredService<UsageLoader>());
        var outage = Outage(provider, "ClickHouse does not answer usage queries; PostgreSQL answers those with store=auto");
        return new WatchedStore(store, outage, new ClickHouseBreaker(client.PingAsync, options.AwayFor, options.HangTimeout, outage, provider.GetRequiredService<TimeProvider>()));
    }

    private static OutageLog Outage(IServiceProvider provider, string what) =>
        new(provider.GetRequiredService<ILogger<UsageAnswering>>(), what, provider.GetRequiredService<TimeProvider>()) { QuietTime = TimeSpan.Zero };
}

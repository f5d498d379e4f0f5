using Bxb.Analytics.Loading;
using Bxb.Analytics.Queries.ClickHouseStore;
using Bxb.Analytics.Queries.PostgresStore;
using Bxb.ClickHouse;
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

/// <summary>Adds the answering of usage queries. Without a <see cref="ClickHouseClient"/> in the container PostgreSQL answers them all.</summary>
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
        return services.AddSingleton(provider => new UsageAnswering(
            ClickHouse(provider), provider.GetRequiredService<PostgresUsage>(), provider.GetRequiredService<SettledPosition>(), provider.GetRequiredService<UsageQueryOptions>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<UsageAnswering>>()));
    }

    private static ClickHouseUsage? ClickHouse(IServiceProvider provider) => provider.GetService<ClickHouseClient>() is { } client
        ? new ClickHouseUsage(new ClickHouseRunner(client, provider.GetRequiredService<UsageQueryOptions>()), provider.GetRequiredService<ConsumerGroups>(),
            provider.GetRequiredService<UsageLoader>())
        : null;
}

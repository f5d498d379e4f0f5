using Bxb.Analytics.Rebuild;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Bxb.Modularity.Settings;
using Bxb.Riders;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Bxb.Analytics.Loading;

/// <summary>Adds the consumer group that loads ClickHouse, where there is one.</summary>
internal static class LoadingRegistration
{
    /// <summary>The consumer group.</summary>
    internal const string Group = "analytics";

    internal static IServiceCollection AddUsageLoading(this IServiceCollection services, IConfigurationSection bxb)
    {
        if (string.IsNullOrEmpty(bxb["ClickHouse:Url"]))
        {
            return services;
        }

        var options = bxb.GetSection("Analytics").Get<AnalyticsOptions>() ?? new AnalyticsOptions();
        services.AddValidatedOptions<ClickHouseOptions>(bxb, "ClickHouse");
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s => new ClickHouseClient(s.GetRequiredService<IOptions<ClickHouseOptions>>().Value));
        services.TryAddSingleton<ClickHouseMigrator>();
        services.AddSingleton<AnalyticsSchema>();
        services.AddSingleton<UsageCopies>();
        services.AddSingleton<LoadingHold>();
        services.AddSingleton<LoaderTerms>();
        services.AddSingleton(_ => new RowWriters(options.ConcurrentInserts));
        services.AddSingleton(s => new SharedInserts(
            s.GetRequiredService<ClickHouseClient>(), s.GetRequiredService<LoaderTerms>(), s.GetRequiredService<RowWriters>(), options, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<UsageLoader>();
        services.AddSingleton<LogComparison>();
        services.AddSingleton<UsageExchange>();
        services.AddTransient<ShadowUsage>();
        services.AddHostedService<CheckpointService>();
        services.AddHostedService<EngineWatch>();
        return services.AddEventConsumer<UsageRowsHandler>(Group, o =>
        {
            o.MaxBatch = options.MaxBatch;
            o.MaxBatchBytes = options.MaxBatchBytes;
            o.MaxWait = options.MaxWait;
            o.StartFrom = StartFrom.Beginning;
            o.IsTransient = LoadingFaults.IsTransient;
            o.Shadow = provider => provider.GetRequiredService<ShadowUsage>();
            o.DurableProgress = async (provider, progress, cancellationToken) => await provider.GetRequiredService<UsageLoader>().TakeOverAsync(progress, cancellationToken);
        });
    }
}

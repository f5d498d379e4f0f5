using Bxb.Analytics.Http;
using Bxb.Analytics.Loading;
using Bxb.Analytics.Queries;
using Bxb.Analytics.Rebuild;
using Bxb.ClickHouse;
using Bxb.Modularity;
using Bxb.Modularity.Settings;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Analytics;

/// <summary>Loads the events of the log into ClickHouse and answers usage queries.</summary>
public sealed class AnalyticsModule : IModule
{
    /// <inheritdoc />
    public string Name => "Analytics";

    /// <inheritdoc />
    /// <remarks>Without <c>Bxb:ClickHouse:Url</c> nothing is loaded, and PostgreSQL answers all usage queries.</remarks>
    public void AddServices(IServiceCollection services, IConfigurationSection bxb)
    {
        services.AddValidatedOptions<AnalyticsOptions>(bxb, Name);
        services.AddValidatedOptions<ClickHouseOptions>(bxb, "ClickHouse");
        // Read here and not from the container: the consumer group is registered with these values.
        var options = bxb.GetSection(Name).Get<AnalyticsOptions>() ?? new AnalyticsOptions();
        services.AddSingleton(options);
        services.AddMetrics();
        services.AddSingleton<AnalyticsInstruments>();
        if (!string.IsNullOrEmpty(bxb["ClickHouse:Url"]))
        {
            services.AddUsageRebuild();
            services.AddUsageLoading(options, provider => provider.GetRequiredService<ShadowUsage>());
        }

        services.AddUsageQueries(bxb);
    }

    /// <inheritdoc />
    public void MapEndpoints(IEndpointRouteBuilder endpoints) => endpoints.MapUsage();
}

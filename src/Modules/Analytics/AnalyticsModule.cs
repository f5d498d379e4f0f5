using Bxb.Analytics.Http;
using Bxb.Analytics.Loading;
using Bxb.Analytics.Queries;
using Bxb.Analytics.Rebuild;
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
        if (!string.IsNullOrEmpty(bxb["ClickHouse:Url"]))
        {
            services.AddUsageRebuild();
            services.AddUsageLoading(bxb);
        }

        services.AddUsageQueries(bxb);
    }

    /// <inheritdoc />
    public void MapEndpoints(IEndpointRouteBuilder endpoints) => endpoints.MapUsage();
}

using Bxb.Modularity;
using Bxb.Modularity.Authorization;
using Bxb.Operations.Health;
using Bxb.Operations.Letters;
using Bxb.Operations.Metrics;
using Bxb.Operations.Pipeline;
using Bxb.Operations.Replay;
using Bxb.Operations.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Bxb.Operations;

/// <summary>The pipeline, dead letters and replays over HTTP; health and metrics. Runs on every host: <c>Bxb:Modules</c> does not name it. Has no settings of its own.</summary>
/// <remarks>Needs the event log and the riders in the container. Health of ClickHouse is reported where the container has a client of it.</remarks>
public sealed class OperationsModule : IModule
{
    /// <inheritdoc />
    public string Name => "Operations";

    /// <inheritdoc />
    public void AddServices(IServiceCollection services, IConfigurationSection bxb)
    {
        ArgumentNullException.ThrowIfNull(bxb);
        services.TryAddSingleton(TimeProvider.System);
        // A consumer group holds the events of all organizations. Without an admin token there is one organization.
        services.AddSingleton(new ReplayScope(string.IsNullOrEmpty(bxb["AdminToken"]) ? ApiScopes.Manage : ApiScopes.Admin));
        services.AddSingleton<StoreProbe>();
        services.AddHostedService(provider => provider.GetRequiredService<StoreProbe>());
        services.AddSingleton<PipelineView>();
        services.AddHealth();
        services.AddHostMetrics();
    }

    /// <inheritdoc />
    public void MapEndpoints(IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        endpoints.MapPipeline();
        endpoints.MapReplays();
        endpoints.MapDeadLetters();
        // Monitors and balancers also probe with HEAD.
        var probes = endpoints.MapGroup("").WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
        probes.MapHealth();
        probes.MapMetrics();
    }
}

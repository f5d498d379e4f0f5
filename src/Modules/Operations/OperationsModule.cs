using Bxb.Modularity;
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

/// <summary>Pipeline, dead letters, replays, health and metrics over HTTP. Runs on every host, whatever <c>Bxb:Modules</c> names. Has no settings.</summary>
/// <remarks>Needs the event log and the riders in the container. Reports the health of ClickHouse where the container has a client for it.</remarks>
public sealed class OperationsModule : IModule
{
    /// <inheritdoc />
    public string Name => "Operations";

    /// <inheritdoc />
    public void AddServices(IServiceCollection services, IConfigurationSection bxb)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<StoreProbe>();
        services.AddHostedService(provider => provider.GetRequiredService<StoreProbe>());
        services.AddSingleton<PipelineView>();
        services.AddHealth();
        services.AddHostMetrics();
    }

    /// <inheritdoc />
    public void MapEndpoints(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPipeline();
        endpoints.MapReplays();
        endpoints.MapDeadLetters();
        // Monitors and load balancers also use HEAD.
        var probes = endpoints.MapGroup("").WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
        probes.MapHealth();
        probes.MapMetrics();
    }
}

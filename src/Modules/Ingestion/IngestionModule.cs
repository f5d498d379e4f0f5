using Bxb.Ingestion.Http;
using Bxb.Ingestion.Reading;
using Bxb.Modularity;
using Bxb.Modularity.Http;
using Bxb.Modularity.Settings;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Bxb.Ingestion;

/// <summary>Takes events over HTTP and answers queries for events. Its settings are <c>Bxb:Ingestion</c>.</summary>
public sealed class IngestionModule : IModule
{
    /// <inheritdoc />
    public string Name => "Ingestion";

    /// <inheritdoc />
    public void AddServices(IServiceCollection services, IConfigurationSection bxb)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(bxb);
        services.AddValidatedOptions<IngestionOptions>(bxb, Name);
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<IngestionOptions>>().Value);
        services.AddSingleton(provider => new Admission(provider.GetRequiredService<IngestionOptions>().MaxBytesInFlight));
        services.AddSingleton<IngestionInstruments>();
        services.AddSingleton<EventReader>();
        services.AddSingleton<BatchReader>();
        services.AddSingleton<EventIntake>();
    }

    /// <inheritdoc />
    public void MapEndpoints(IEndpointRouteBuilder endpoints) => endpoints.MapIngestion();
}

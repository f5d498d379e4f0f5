using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Modularity;

/// <summary>Adds modules to the container and maps their endpoints.</summary>
public static class ModuleRegistration
{
    /// <summary>Adds one module. Adding the same module twice is an error at start.</summary>
    /// <exception cref="InvalidOperationException">The module was added before.</exception>
    public static IServiceCollection AddModule<TModule>(this IServiceCollection services, IConfigurationSection bxb)
        where TModule : IModule, new()
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(d => d.ServiceType == typeof(IModule) && d.ImplementationInstance is TModule))
        {
            throw new InvalidOperationException($"The module {typeof(TModule).Name} was added twice.");
        }

        var module = new TModule();
        services.AddSingleton<IModule>(module);
        module.AddServices(services, bxb);
        return services;
    }

    /// <summary>Maps the endpoints of every module that was added.</summary>
    public static void MapModules(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        foreach (var module in endpoints.ServiceProvider.GetServices<IModule>())
        {
            module.MapEndpoints(endpoints);
        }
    }
}

using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Modularity;

/// <summary>One module of the monolith: its services and its endpoints.</summary>
/// <remarks>Both calls happen once, at start, on one thread. Modules are added in any order, so none may depend on the registrations of another.</remarks>
public interface IModule
{
    /// <summary>The module's name in settings, logs and health. <c>Bxb:{Name}</c> is its section.</summary>
    string Name { get; }

    /// <summary>Registers the module's services, options and consumer groups. Opens no connection.</summary>
    /// <param name="services">The host's container.</param>
    /// <param name="bxb">The section <c>Bxb</c> of the configuration.</param>
    void AddServices(IServiceCollection services, IConfigurationSection bxb);

    /// <summary>Maps the module's endpoints. Empty for a module without any.</summary>
    void MapEndpoints(IEndpointRouteBuilder endpoints);
}

using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Modularity;

/// <summary>One module of the monolith: what it adds to the container and which endpoints it answers.</summary>
/// <remarks>Both calls happen once, at start, on one thread. Modules are added in any order and must not count on each other's.</remarks>
public interface IModule
{
    /// <summary>The name by which settings, logs and health speak of the module: <c>Bxb:{Name}</c> is its section.</summary>
    string Name { get; }

    /// <summary>Registers the module's services, options and consumer groups. Opens no connection.</summary>
    /// <param name="services">The host's container.</param>
    /// <param name="bxb">The section <c>Bxb</c> of the configuration.</param>
    void AddServices(IServiceCollection services, IConfigurationSection bxb);

    /// <summary>Maps the module's endpoints; one without any leaves the body empty.</summary>
    void MapEndpoints(IEndpointRouteBuilder endpoints);
}

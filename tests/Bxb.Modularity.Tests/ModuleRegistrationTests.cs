using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Modularity.Tests;

public sealed class ModuleRegistrationTests
{
    [Fact]
    public void A_module_is_added_once()
    {
        var bxb = new ConfigurationBuilder().Build().GetSection("Bxb");
        var services = new ServiceCollection().AddModule<EmptyModule>(bxb);
        Should.Throw<InvalidOperationException>(() => services.AddModule<EmptyModule>(bxb)).Message.ShouldContain(nameof(EmptyModule));
    }

    private sealed class EmptyModule : IModule
    {
        public string Name => "Empty";

        public void AddServices(IServiceCollection services, IConfigurationSection bxb)
        {
        }

        public void MapEndpoints(Microsoft.AspNetCore.Routing.IEndpointRouteBuilder endpoints)
        {
        }
    }
}

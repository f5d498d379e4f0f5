using Bxb.Riders.Delivery;
using Bxb.Riders.Health;
using Bxb.Riders.Progress;
using MassTransit;
using MassTransit.Configuration;
using MassTransit.Transports;
using MassTransit.Util;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Riders.Pipeline;

/// <summary>Refuses what cannot work, then gives each group an endpoint with its consumer's pipeline.</summary>
internal sealed class EventRiderSpecification(IRiderRegistrationContext context, IReadOnlyList<EventConsumerRegistration> registrations) : IBusInstanceSpecification
{
    private const string Prefix = "events/";

    /// <summary>The group behind an endpoint's address.</summary>
    public static string GroupOf(Uri address) => address.AbsolutePath[(address.AbsolutePath.LastIndexOf('/') + 1)..];

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate() => RegistrationRules.Check(registrations).Select(fault => this.Failure("EventConsumer", fault));

    /// <inheritdoc />
    public void Configure(IBusInstance busInstance)
    {
        var services = context.GetRequiredService<LoopServices>();
        var endpoints = new ReceiveEndpointCollection();
        foreach (var registration in registrations)
        {
            var endpoint = CreateEndpoint(busInstance, registration);
            endpoints.Add(registration.Group, new ReceiveEndpoint(new EventReceiveTransport(endpoint, registration, services), endpoint));
        }

        busInstance.Connect<IEventRider>(new EventRider(endpoints, services.Groups, context.GetRequiredService<GroupHealth>(), services.Time));
    }

    private ReceiveEndpointContext CreateEndpoint(IBusInstance bus, EventConsumerRegistration registration)
    {
        var configuration = bus.HostConfiguration.CreateReceiveEndpointConfiguration(Prefix + registration.Group, null);
        var configurator = (IReceiveEndpointConfigurator)configuration;

        // Nothing of a batch may go onto the bus, and every failure has to reach the loop: it alone decides about progress.
        configurator.ConfigureConsumeTopology = false;
        configurator.PublishFaults = false;
        configurator.RethrowFaultedMessages();
        configurator.ThrowOnSkippedMessages();
        context.GetRequiredService<IBusRegistrationContext>().GetConfigureReceiveEndpoints().Configure(registration.Group, configurator);
        registration.Options.ConfigurePipeline?.Invoke(context, configurator);
        context.ConfigureConsumer(registration.ConsumerType, configurator);
        configuration.Validate().ThrowIfContainsFailure("The consumer group " + registration.Group + " cannot be set up.");
        return configuration.CreateReceiveEndpointContext();
    }
}

using Bxb.Riders.Delivery;
using Bxb.Riders.Health;
using Bxb.Riders.Progress;
using MassTransit;
using MassTransit.Configuration;
using MassTransit.Transports;
using MassTransit.Util;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Pipeline;

/// <summary>Validates the registrations and creates an endpoint with the consumer's pipeline for each group.</summary>
internal sealed class EventRiderSpecification(IRiderRegistrationContext context, IReadOnlyList<EventConsumerRegistration> registrations) : IBusInstanceSpecification
{
    private const string Prefix = "events/";

    /// <summary>The group of an endpoint's address.</summary>
    public static string GroupOf(Uri address) => address.AbsolutePath[(address.AbsolutePath.LastIndexOf('/') + 1)..];

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate() => RegistrationRules.Check(registrations).Select(fault => this.Failure("EventConsumer", fault));

    /// <inheritdoc />
    public void Configure(IBusInstance busInstance)
    {
        var loops = context.GetRequiredService<ReceiveLoopFactory>();
        var stopTimeout = context.GetRequiredService<IOptions<RidersOptions>>().Value.StopTimeout;
        var endpoints = new ReceiveEndpointCollection();
        foreach (var registration in registrations)
        {
            var endpoint = CreateEndpoint(busInstance, registration);
            endpoints.Add(registration.Group, new ReceiveEndpoint(new EventReceiveTransport(endpoint, registration, loops, stopTimeout), endpoint));
        }

        busInstance.Connect<IEventRider>(new EventRider(
            endpoints, context.GetRequiredService<GroupRegistry>(), context.GetRequiredService<GroupHealth>(), context.GetRequiredService<TimeProvider>()));
    }

    private ReceiveEndpointContext CreateEndpoint(IBusInstance bus, EventConsumerRegistration registration)
    {
        var configuration = bus.HostConfiguration.CreateReceiveEndpointConfiguration(Prefix + registration.Group, null);
        var configurator = (IReceiveEndpointConfigurator)configuration;

        // No part of a batch may be published on the bus, and every failure must reach the loop, which alone decides about progress.
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

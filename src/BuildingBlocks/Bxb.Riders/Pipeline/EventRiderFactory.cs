using MassTransit;
using MassTransit.Configuration;
using MassTransit.DependencyInjection;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Riders.Pipeline;

/// <summary>Creates the rider when the container builds the bus: every consumer group is registered by then.</summary>
internal sealed class EventRiderFactory : IRegistrationRiderFactory<IEventRider>
{
    public IBusInstanceSpecification CreateRider(IRiderRegistrationContext context) =>
        new EventRiderSpecification(context, [.. context.GetServices<EventConsumerRegistration>()]);
}

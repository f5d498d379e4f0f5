using MassTransit;
using MassTransit.Configuration;
using MassTransit.DependencyInjection;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Riders.Pipeline;

/// <summary>Makes the rider when the container builds the bus: by then every consumer group is registered.</summary>
internal sealed class EventRiderFactory : IRegistrationRiderFactory<IEventRider>
{
    public IBusInstanceSpecification CreateRider(IRiderRegistrationContext context) =>
        new EventRiderSpecification(context, [.. context.GetServices<EventConsumerRegistration>()]);
}

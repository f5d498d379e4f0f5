using Bxb.Riders.Delivery;
using MassTransit;
using MassTransit.Transports;

namespace Bxb.Riders.Pipeline;

/// <summary>One group's place in MassTransit's machinery: each start makes a new loop.</summary>
internal sealed class EventReceiveTransport(ReceiveEndpointContext endpoint, EventConsumerRegistration registration, LoopServices services) : IReceiveTransport
{
    public ReceiveTransportHandle Start() => new ReceiveLoop(endpoint, registration, services);

    public ConnectHandle ConnectReceiveObserver(IReceiveObserver observer) => endpoint.ConnectReceiveObserver(observer);

    public ConnectHandle ConnectPublishObserver(IPublishObserver observer) => endpoint.ConnectPublishObserver(observer);

    public ConnectHandle ConnectSendObserver(ISendObserver observer) => endpoint.ConnectSendObserver(observer);

    public ConnectHandle ConnectReceiveTransportObserver(IReceiveTransportObserver observer) => endpoint.ConnectReceiveTransportObserver(observer);

    public void Probe(ProbeContext context) => context.CreateScope("eventTransport").Add("group", registration.Group);
}

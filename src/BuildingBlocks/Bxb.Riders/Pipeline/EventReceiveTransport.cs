using Bxb.Riders.Delivery;
using MassTransit;
using MassTransit.Transports;

namespace Bxb.Riders.Pipeline;

/// <summary>The transport of one group's endpoint in MassTransit. Each start creates a new loop.</summary>
/// <param name="endpoint">The endpoint.</param>
/// <param name="registration">The group.</param>
/// <param name="loops">Starts the loop.</param>
/// <param name="stopTimeout">How long a batch in flight may take at a stop, unless the endpoint says otherwise.</param>
internal sealed class EventReceiveTransport(ReceiveEndpointContext endpoint, EventConsumerRegistration registration, ReceiveLoopFactory loops, TimeSpan stopTimeout) : IReceiveTransport
{
    public ReceiveTransportHandle Start() => new Handle(endpoint, registration, loops, stopTimeout);

    public ConnectHandle ConnectReceiveObserver(IReceiveObserver observer) => endpoint.ConnectReceiveObserver(observer);

    public ConnectHandle ConnectPublishObserver(IPublishObserver observer) => endpoint.ConnectPublishObserver(observer);

    public ConnectHandle ConnectSendObserver(ISendObserver observer) => endpoint.ConnectSendObserver(observer);

    public ConnectHandle ConnectReceiveTransportObserver(IReceiveTransportObserver observer) => endpoint.ConnectReceiveTransportObserver(observer);

    public void Probe(ProbeContext context) => context.CreateScope("eventTransport").Add("group", registration.Group);

    private sealed class Handle : ReceiveTransportHandle
    {
        private readonly ReceiveEndpointContext _endpoint;
        private readonly TimeSpan _stopTimeout;
        private readonly EventDispatcher _dispatcher;
        private readonly ReceiveLoop _loop;

        public Handle(ReceiveEndpointContext endpoint, EventConsumerRegistration registration, ReceiveLoopFactory loops, TimeSpan stopTimeout)
        {
            (_endpoint, _stopTimeout) = (endpoint, stopTimeout);
            _dispatcher = new EventDispatcher(endpoint);
            _loop = loops.Start(endpoint, registration, _dispatcher.DispatchAsync);
        }

        public async Task Stop(CancellationToken cancellationToken = default)
        {
            await _loop.StopAsync(_endpoint.ConsumerStopTimeout ?? _stopTimeout, cancellationToken);
            await _endpoint.TransportObservers.NotifyCompleted(_endpoint.InputAddress, _dispatcher.Metrics);
        }
    }
}

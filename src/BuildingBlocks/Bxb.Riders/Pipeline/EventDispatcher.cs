using MassTransit.Context;
using MassTransit.Transports;

namespace Bxb.Riders.Pipeline;

/// <summary>The way from a loop into the consumer's pipeline: scopes, filters, retry, breaker, observers, spans. Thread-safe.</summary>
internal sealed class EventDispatcher(ReceiveEndpointContext endpoint)
{
    private readonly IReceivePipeDispatcher _pipe = endpoint.CreateReceivePipeDispatcher();

    /// <summary>How many batches went through.</summary>
    public DeliveryMetrics Metrics => _pipe.GetMetrics();

    /// <summary>Ends when every consume task has; only then may the records go back to the pool. Throws what the consumer threw.</summary>
    public async Task DispatchAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        using var context = new EventReceiveContext(endpoint, batch, cancellationToken);
        await _pipe.Dispatch(context, NoLockReceiveContext.Instance);
    }
}

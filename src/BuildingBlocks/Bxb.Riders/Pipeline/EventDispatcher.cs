using MassTransit;
using MassTransit.Context;
using MassTransit.Logging;
using MassTransit.Transports;

namespace Bxb.Riders.Pipeline;

/// <summary>The way from a loop into the consumer's pipeline: scopes, filters, retry, breaker, observers, spans. Thread-safe.</summary>
internal sealed class EventDispatcher(ReceiveEndpointContext endpoint)
{
    /// <summary>What the framework logs of batches: an error with its whole stack for each try. It is off by default, since the loop says of a failure when it begins and when it ends.</summary>
    internal const string LogCategory = "Bxb.Riders.Batches";

    private readonly IReceivePipeDispatcher _pipe = endpoint.CreateReceivePipeDispatcher();
    private readonly ILogContext _log = endpoint.LogContext.CreateLogContext(LogCategory);

    /// <summary>How many batches went through.</summary>
    public DeliveryMetrics Metrics => _pipe.GetMetrics();

    /// <summary>Ends when every consume task has; only then may the records go back to the pool. Throws what the consumer threw.</summary>
    public async Task DispatchAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        LogContext.Current = _log;
        using var context = new EventReceiveContext(endpoint, batch, cancellationToken);
        await _pipe.Dispatch(context, NoLockReceiveContext.Instance);
    }
}

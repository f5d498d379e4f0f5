using MassTransit;
using MassTransit.Context;
using MassTransit.Logging;
using MassTransit.Transports;

namespace Bxb.Riders.Pipeline;

/// <summary>Passes batches into the consumer's pipeline: scopes, filters, retry, circuit breaker, observers, spans. Thread-safe.</summary>
internal sealed class EventDispatcher(ReceiveEndpointContext endpoint)
{
    /// <summary>The framework's log category for batches: an error with its stack for each attempt. Off by default, because the loop logs the start and the end of a failure.</summary>
    internal const string LogCategory = "Bxb.Riders.Batches";

    private readonly IReceivePipeDispatcher _pipe = endpoint.CreateReceivePipeDispatcher();
    private readonly ILogContext _log = endpoint.LogContext.CreateLogContext(LogCategory);

    /// <summary>Counts of the delivered batches.</summary>
    public DeliveryMetrics Metrics => _pipe.GetMetrics();

    /// <summary>Completes when every consume task has completed; only then may the records return to the pool. Throws what the consumer threw.</summary>
    public async Task DispatchAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        LogContext.Current = _log;
        using var context = new EventReceiveContext(endpoint, batch, cancellationToken);
        await _pipe.Dispatch(context, NoLockReceiveContext.Instance);
    }
}

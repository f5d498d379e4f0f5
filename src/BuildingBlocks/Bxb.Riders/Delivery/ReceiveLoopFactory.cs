using Bxb.Riders.Progress;
using Bxb.Riders.Transport;
using MassTransit.Transports;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Starts the receive loop of a group. Thread-safe.</summary>
internal sealed class ReceiveLoopFactory(
    IEventTransport transport, GroupRegistry groups, TakeOver takeOver, ConsumerProgress progress, PartitionWorkerFactory workers, TimeProvider time, ILogger<ReceiveLoop> logger)
{
    /// <summary>Starts a loop; the caller stops it.</summary>
    /// <param name="endpoint">The group's endpoint in MassTransit.</param>
    /// <param name="registration">The group.</param>
    /// <param name="dispatch">The group's pipeline.</param>
    public ReceiveLoop Start(ReceiveEndpointContext endpoint, EventConsumerRegistration registration, DispatchBatch dispatch) =>
        new(endpoint, registration, dispatch, groups.Find(registration.Group)!, transport, takeOver, progress, workers, time, logger);
}

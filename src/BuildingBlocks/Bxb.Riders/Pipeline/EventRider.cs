using Bxb.Riders.Health;
using Bxb.Riders.Progress;
using MassTransit;
using MassTransit.Transports;

namespace Bxb.Riders.Pipeline;

/// <summary>The rider that delivers the event log to the consumer groups, over either transport.</summary>
internal interface IEventRider : IRiderControl;

/// <summary>Starts and stops the groups' endpoints together, and reports their health.</summary>
internal sealed class EventRider(ReceiveEndpointCollection endpoints, GroupRegistry groups, GroupHealth health, TimeProvider time) : IEventRider
{
    /// <inheritdoc />
    public RiderHandle Start(CancellationToken cancellationToken = default) => new Running(endpoints, groups, time, cancellationToken);

    /// <inheritdoc />
    public IEnumerable<EndpointHealthResult> CheckEndpointHealth()
    {
        foreach (var result in endpoints.CheckEndpointHealth())
        {
            var group = groups.Find(EventRiderSpecification.GroupOf(result.InputAddress));
            yield return group is not null && result.Status == BusHealthStatus.Healthy && health.FindStall(group) is { } stall
                ? EndpointHealthResult.Unhealthy(result.ReceiveEndpoint, stall, null!)
                : result;
        }
    }

    private sealed class Running : RiderHandle
    {
        private readonly ReceiveEndpointCollection _endpoints;
        private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ITimer _sampling;

        public Running(ReceiveEndpointCollection endpoints, GroupRegistry groups, TimeProvider time, CancellationToken cancellationToken)
        {
            _endpoints = endpoints;
            var ready = Task.WhenAll(endpoints.StartEndpoints(cancellationToken).Select(h => h.Ready));
            Ready = Task.WhenAny(ready, _stopped.Task).Unwrap();
            _sampling = time.CreateTimer(_ => Sample(groups), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        }

        /// <summary>Completes when the loops have started, which is at once, or when they are stopped.</summary>
        public Task Ready { get; }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            _stopped.TrySetCanceled(CancellationToken.None);
            await _sampling.DisposeAsync();
            await _endpoints.StopEndpoints(cancellationToken);
        }

        private static void Sample(GroupRegistry groups)
        {
            foreach (var group in groups.All)
            {
                group.Sample();
            }
        }
    }
}

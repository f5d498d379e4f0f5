using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>The check <c>bxb-relay</c>: degraded while the relay retries, or stands still although there is something to carry. The host still takes events then.</summary>
/// <remarks>Reads memory only. A relay on another host is that host's affair. The description has no error text, because <c>/health/ready</c> needs no key; <c>GET /v1/pipeline</c> has it.</remarks>
internal sealed class RelayHealth(RelayActivity activity, IOptions<RidersOptions> options) : IHealthCheck
{
    /// <summary>The check's name.</summary>
    public const string Name = "bxb-relay";

    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (stillness, error) = (activity.Stillness, activity.Error);
        return Task.FromResult(
            stillness >= options.Value.StalledAfter
                ? HealthCheckResult.Degraded($"nothing carried to Kafka for {(long)stillness.TotalSeconds} s, {activity.LagEvents} positions behind")
            : error is not null ? HealthCheckResult.Degraded("retrying")
            : HealthCheckResult.Healthy(activity.IsHeld ? "running" : "waiting for its turn"));
    }
}

using Bxb.Riders.Progress;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Health;

/// <summary>The check <c>bxb-groups</c>: degraded while a partition of a group has lag and does not move, or retries.</summary>
/// <remarks>
/// Never unhealthy: a stalled group takes no host out of service, because the host still takes events. Reads memory only, and reports only partitions that this host reads.
/// The description has no error text, because <c>/health/ready</c> needs no key; the text is in the check's data and in <c>GET /v1/pipeline</c>.
/// </remarks>
internal sealed class GroupHealth(GroupRegistry groups, IOptions<RidersOptions> options) : IHealthCheck
{
    public const string Name = "bxb-groups";

    /// <summary>The reason why a group is stalled, in one sentence; null when it is not.</summary>
    public string? FindStall(GroupActivity group) => Stall(group) is { } stall ? stall + (group.Error is { } error ? ": " + error : "") : null;

    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var faults = new List<string>();
        var words = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var group in groups.All)
        {
            var fault = Stall(group) ?? (group.Error is null ? null : "retrying");
            words[group.Group] = fault is null ? group.IsHeld ? "running" : "waiting for its turn" : group.Error ?? fault;
            if (fault is not null)
            {
                faults.Add($"{group.Group}: {fault}");
            }
        }

        return Task.FromResult(faults.Count == 0 ? HealthCheckResult.Healthy(data: words) : HealthCheckResult.Degraded(string.Join("; ", faults), data: words));
    }

    private string? Stall(GroupActivity group)
    {
        var stillness = group.Stillness;
        if (stillness < options.Value.StalledAfter)
        {
            return null;
        }

        // A single partition is not named.
        var stalled = group.Partitions.Where(p => p.Stillness >= options.Value.StalledAfter).Select(p => p.Partition).Order().ToList();
        var where = stalled.Count == 0 || !group.Partitions.Skip(1).Any() ? "" : $" in partition {string.Join(", ", stalled)}";
        return $"no progress for {(long)stillness.TotalSeconds} s{where}, {group.LagEvents} events behind";
    }
}

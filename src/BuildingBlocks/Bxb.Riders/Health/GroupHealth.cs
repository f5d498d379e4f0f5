using Bxb.Riders.Progress;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Health;

/// <summary>The check <c>bxb-groups</c>: degraded while a partition of a group stands still although there is something to do, or retries.</summary>
/// <remarks>
/// Never unhealthy: a group that stands still takes no host out of service, because the host still takes events. Reads memory only. A partition that another host reads is that host's affair.
/// The description has no error text, because <c>/health/ready</c> needs no key; the text is in the check's data and in <c>GET /v1/pipeline</c>.
/// </remarks>
internal sealed class GroupHealth(GroupRegistry groups, IOptions<RidersOptions> options) : IHealthCheck
{
    /// <summary>The check's name.</summary>
    public const string Name = "bxb-groups";

    /// <summary>Why a group counts as stalled, in one sentence; null when it does not.</summary>
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

        // With one partition there is no need to name it.
        var stalled = group.Partitions.Where(p => p.Stillness >= options.Value.StalledAfter).Select(p => p.Partition).Order().ToList();
        var where = stalled.Count == 0 || !group.Partitions.Skip(1).Any() ? "" : $" in partition {string.Join(", ", stalled)}";
        return $"no progress for {(long)stillness.TotalSeconds} s{where}, {group.LagEvents} events behind";
    }
}

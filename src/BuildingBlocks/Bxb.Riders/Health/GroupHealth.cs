using Bxb.Riders.Progress;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Health;

/// <summary>The check <c>bxb-groups</c>: unhealthy when a partition of a group stands still although there is something to do, degraded while one retries.</summary>
/// <remarks>Reads memory only. A partition that another host reads is that host's affair.</remarks>
internal sealed class GroupHealth(GroupActivities groups, IOptions<RidersOptions> options) : IHealthCheck
{
    /// <summary>The check's name.</summary>
    public const string Name = "bxb-groups";

    /// <summary>Why a group counts as stalled, in one sentence; null when it does not.</summary>
    public string? FindStall(GroupActivity group)
    {
        var stillness = group.Stillness;
        if (stillness < options.Value.StalledAfter)
        {
            return null;
        }

        // With one partition there is no need to name it.
        var stalled = group.Partitions.Where(p => p.Stillness >= options.Value.StalledAfter).Select(p => p.Partition).Order().ToList();
        var where = stalled.Count == 0 || !group.Partitions.Skip(1).Any() ? "" : $" in partition {string.Join(", ", stalled)}";
        return $"no progress for {(long)stillness.TotalSeconds} s{where}, {group.LagEvents} events behind{(group.Error is { } error ? ": " + error : "")}";
    }

    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var status = HealthStatus.Healthy;
        var words = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var group in groups.All)
        {
            if (FindStall(group) is { } stall)
            {
                status = HealthStatus.Unhealthy;
                words[group.Group] = stall;
            }
            else if (group.Error is { } error)
            {
                status = status == HealthStatus.Healthy ? HealthStatus.Degraded : status;
                words[group.Group] = "retrying: " + error;
            }
            else
            {
                words[group.Group] = group.IsHeld ? "running" : "waiting for its turn";
            }
        }

        var faults = words.Where(w => w.Value is not "running" and not "waiting for its turn").Select(w => $"{w.Key}: {w.Value}");
        return Task.FromResult(new HealthCheckResult(status, status == HealthStatus.Healthy ? null : string.Join("; ", faults), data: words));
    }
}

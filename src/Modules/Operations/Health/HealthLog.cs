using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Bxb.Operations.Health;

/// <summary>Logs changes of the host's health. The checks run every 5 s; polls of <c>/health/ready</c> log nothing.</summary>
internal sealed partial class HealthLog(ILogger<HealthLog> logger) : IHealthCheckPublisher
{
    private string _known = "";

    /// <inheritdoc />
    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        // Compared by status: descriptions contain seconds.
        var now = string.Join(", ", report.Entries.Where(e => e.Value.Status != HealthStatus.Healthy).Select(e => $"{e.Key} {e.Value.Status.ToString().ToLowerInvariant()}"));
        if (now == _known)
        {
            return Task.CompletedTask;
        }

        _known = now;
        if (now.Length == 0)
        {
            LogHealthy(logger);
        }
        else
        {
            var descriptions = report.Entries.Where(e => e.Value.Status != HealthStatus.Healthy && HealthEndpoints.IsPublic(e.Key, e.Value)).Select(e => e.Value.Description);
            LogNotHealthy(logger, report.Status == HealthStatus.Unhealthy ? "not ready" : "degraded", now, string.Join("; ", descriptions));
        }

        return Task.CompletedTask;
    }

    [LoggerMessage(8010, LogLevel.Warning, "The host is {Status}: {Checks} ({Descriptions})")]
    private static partial void LogNotHealthy(ILogger logger, string status, string checks, string descriptions);

    [LoggerMessage(8011, LogLevel.Information, "The host is healthy again")]
    private static partial void LogHealthy(ILogger logger);
}

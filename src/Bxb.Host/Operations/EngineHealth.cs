using Bxb.Embedded;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Bxb.Host.Operations;

/// <summary>Whether the embedded ClickHouse engine runs. The host serves without it, so its absence is degraded and not unhealthy.</summary>
internal sealed class EngineHealth(EmbeddedClickHouse engine) : IHealthCheck
{
    /// <summary>The check's name.</summary>
    public const string Name = "clickhouse_engine";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        engine.ProcessId is null
            ? HealthCheckResult.Degraded("The embedded ClickHouse engine does not run and is started again; PostgreSQL answers usage queries. The host's log says why.")
            : HealthCheckResult.Healthy());
}

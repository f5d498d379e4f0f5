using System.Diagnostics.CodeAnalysis;
using Bxb.ClickHouse;
using Bxb.EventLog;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Bxb.Host.Operations;

/// <summary>Asks each store for the simplest answer that it has. Thread-safe.</summary>
/// <param name="postgres">The log's server.</param>
/// <param name="clickHouse">The analytics store; null when there is none.</param>
internal sealed class StoreProbe(NpgsqlDataSource postgres, ClickHouseClient? clickHouse = null) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Every configured store, by the name that usage answers give it.</summary>
    public async Task<IReadOnlyDictionary<string, StoreState>> ProbeAsync(CancellationToken cancellationToken)
    {
        var log = AnswersAsync(PostgresAnswersAsync, cancellationToken);
        var states = new Dictionary<string, StoreState>(StringComparer.Ordinal);
        if (clickHouse is not null)
        {
            states["clickhouse"] = new StoreState(await AnswersAsync(clickHouse.PingAsync, cancellationToken));
        }

        states["postgresql"] = new StoreState(await log);
        return states;
    }

    /// <summary>Not ready without the log. Without the analytics store the host serves, from PostgreSQL, so that alone is no reason to take it out.</summary>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        => await AnswersAsync(PostgresAnswersAsync, cancellationToken) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("PostgreSQL does not answer.");

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a store throws, it does not answer.")]
    private static async Task<bool> AnswersAsync(Func<CancellationToken, Task> ask, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Patience);
        try
        {
            await ask(limited.Token);
            return true;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task PostgresAnswersAsync(CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand("select 1");
        await command.ExecuteScalarAsync(cancellationToken);
    }
}

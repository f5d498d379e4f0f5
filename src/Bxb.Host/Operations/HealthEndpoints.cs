using System.Text.Json;
using Bxb.Embedded;
using Bxb.Modularity.Json;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Bxb.Host.Operations;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: whether this host can serve its callers.</summary>
/// <remarks>
/// Only what keeps this host from taking events, or without the module Ingestion from serving its modules, is unhealthy and answered 503: a host that starts or stops, or PostgreSQL. Everything
/// else is degraded and answered 200. Checks read memory, so the answer comes at once. No key is needed, so descriptions name no server and quote no error.
/// </remarks>
internal static class HealthEndpoints
{
    /// <summary>Tag of the checks whose descriptions are written for everyone's eyes.</summary>
    private const string Public = "public";

    /// <summary>Adds the host's own checks, and one log line for each change of the answer instead of one for each poll.</summary>
    public static void AddHealth(this IServiceCollection services, bool hasClickHouse, EmbeddedClickHouse? engine)
    {
        var checks = services.AddHealthChecks();
        Add<IHostApplicationLifetime>("host", static l =>
            l.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("The host is stopping.")
            : l.ApplicationStarted.IsCancellationRequested ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("The host is starting."));
        Add<StoreProbe>("postgresql", static s => s.CheckPostgres());
        if (hasClickHouse)
        {
            Add<StoreProbe>("clickhouse", static s => s.CheckClickHouse());
        }

        if (engine is not null)
        {
            checks.AddCheck("clickhouse_engine", () => engine.ProcessId is not null
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Degraded("The embedded ClickHouse engine does not run and is started again; PostgreSQL answers usage queries. The host's log says why."), [Public]);
        }

        services.AddLogging(l => l.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None));
        services.AddSingleton<IHealthCheckPublisher, HealthLog>();
        services.Configure<HealthCheckPublisherOptions>(o => o.Period = TimeSpan.FromSeconds(5));

        void Add<T>(string name, Func<T, HealthCheckResult> check)
            where T : notnull => checks.Add(new HealthCheckRegistration(name, p => new Check<T>(p.GetRequiredService<T>(), check), failureStatus: null, tags: [Public]));
    }

    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = static _ => false, ResponseWriter = WriteAsync });
        endpoints.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            ResponseWriter = WriteAsync,
            ResultStatusCodes =
            {
                [HealthStatus.Healthy] = StatusCodes.Status200OK,
                [HealthStatus.Degraded] = StatusCodes.Status200OK,
                [HealthStatus.Unhealthy] = StatusCodes.Status503ServiceUnavailable,
            },
        });
    }

    private static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        var writer = new Utf8JsonWriter(context.Response.BodyWriter, ApiJson.WriterOptions);
        await using (writer)
        {
            writer.WriteStartObject();
            writer.WriteString("status", Name(report.Status));
            writer.WriteStartObject("checks");
            foreach (var (name, entry) in report.Entries)
            {
                writer.WriteStartObject(name);
                writer.WriteString("status", Name(entry.Status));
                if (entry.Status != HealthStatus.Healthy && entry.Description is not null && IsPublic(name, entry))
                {
                    writer.WriteString("description", entry.Description);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>The descriptions of the messaging framework's own check hold error texts and addresses.</summary>
    public static bool IsPublic(string name, HealthReportEntry entry) => entry.Tags.Contains(Public) || name.StartsWith("bxb-", StringComparison.Ordinal);

    private static string Name(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };

    private sealed class Check<T>(T subject, Func<T, HealthCheckResult> check) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(check(subject));
    }
}

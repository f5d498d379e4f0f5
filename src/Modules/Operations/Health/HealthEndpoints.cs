using Bxb.ClickHouse;
using Bxb.Modularity.Http;
using Bxb.Operations.Contracts;
using Bxb.Operations.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bxb.Operations.Health;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: this host can serve its callers.</summary>
/// <remarks>
/// A host is unhealthy, and answers 503, only while it starts or stops, or while PostgreSQL does not give its modules what they need. Every other fault is degraded and answered 200. Checks read
/// memory and answer at once. The calls need no key, so descriptions have no server names and no error texts.
/// </remarks>
internal static class HealthEndpoints
{
    /// <summary>Adds the checks of host and stores, and a log line for each change of health instead of one for each poll.</summary>
    public static void AddHealth(this IServiceCollection services)
    {
        services.AddHealthChecks();
        services.AddOptions<HealthCheckServiceOptions>().Configure<IServiceProvider>(static (options, provider) =>
        {
            Add<IHostApplicationLifetime>(options, "host", static l =>
                l.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("The host is stopping.")
                : l.ApplicationStarted.IsCancellationRequested ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("The host is starting."));
            Add<StoreProbe>(options, "postgresql", static s => s.CheckPostgres());
            if (provider.GetService<ClickHouseClient>() is not null)
            {
                Add<StoreProbe>(options, "clickhouse", static s => s.CheckClickHouse());
            }
        });
        services.AddLogging(l => l.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None));
        services.AddSingleton<IHealthCheckPublisher, HealthLog>();
        services.Configure<HealthCheckPublisherOptions>(o => o.Period = TimeSpan.FromSeconds(5));
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

    private static Task WriteAsync(HttpContext context, HealthReport report) => context.AnswerJsonAsync(
        new HealthAnswer(report.Status, report.Entries.ToDictionary(e => e.Key, e => new CheckAnswer(
            e.Value.Status, e.Value.Status != HealthStatus.Healthy && IsPublic(e.Key, e.Value) ? e.Value.Description : null))),
        context.Response.StatusCode);

    /// <summary>Whether callers without a key may see the description. The descriptions of the messaging framework hold errors and addresses.</summary>
    public static bool IsPublic(string name, HealthReportEntry entry) => entry.Tags.Contains(HealthTags.Public) || name.StartsWith("bxb-", StringComparison.Ordinal);

    private static void Add<T>(HealthCheckServiceOptions options, string name, Func<T, HealthCheckResult> check)
        where T : notnull
        => options.Registrations.Add(new HealthCheckRegistration(name, p => new Check<T>(p.GetRequiredService<T>(), check), failureStatus: null, tags: [HealthTags.Public]));

    private sealed record HealthAnswer(HealthStatus Status, IReadOnlyDictionary<string, CheckAnswer> Checks);

    private sealed record CheckAnswer(HealthStatus Status, string? Description);

    private sealed class Check<T>(T subject, Func<T, HealthCheckResult> check) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(check(subject));
    }
}

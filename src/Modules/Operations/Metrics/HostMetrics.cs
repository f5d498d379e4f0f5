using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using OpenTelemetry.Metrics;

namespace Bxb.Operations.Metrics;

/// <summary><c>/metrics</c>: the meters of the process in Prometheus's text format.</summary>
internal static class HostMetrics
{
    private static readonly string[] Meters = ["Bxb.*", "MassTransit", "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    public static void AddHostMetrics(this IServiceCollection services) => services.AddOpenTelemetry().WithMetrics(metrics => metrics
        .AddMeter(Meters)
        .AddPrometheusExporter(prometheus =>
        {
            // No cached answers: every scrape collects.
            prometheus.ScrapeResponseCacheDurationMilliseconds = 0;
            prometheus.TargetInfoEnabled = false;
        }));

    /// <summary>Maps the call. Collection starts here, and not with the first scrape.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder endpoints)
        => endpoints.MapPrometheusScrapingEndpoint("/metrics", meterProvider: null, scrape => scrape.Use(AlwaysTextAsync), optionsName: null);

    /// <summary>
    /// Removes <c>Accept</c>, by which the exporter would choose OpenMetrics. That format writes bounds differently (<c>le="1.0"</c> for <c>le="1"</c>) and adds a series <c>_created</c> for each
    /// counter and histogram.
    /// </summary>
    private static Task AlwaysTextAsync(HttpContext context, RequestDelegate next)
    {
        context.Request.Headers.Accept = StringValues.Empty;
        return next(context);
    }
}

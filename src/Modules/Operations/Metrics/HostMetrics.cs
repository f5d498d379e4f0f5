using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using OpenTelemetry.Metrics;

namespace Bxb.Operations.Metrics;

/// <summary><c>/metrics</c>: what the meters of the process report, in Prometheus's text format.</summary>
internal static class HostMetrics
{
    private static readonly string[] Meters = ["Bxb.*", "MassTransit", "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    public static void AddHostMetrics(this IServiceCollection services) => services.AddOpenTelemetry().WithMetrics(metrics => metrics
        .AddMeter(Meters)
        .AddPrometheusExporter(prometheus =>
        {
            // Every scrape collects: a cached answer would show values from before the scrape.
            prometheus.ScrapeResponseCacheDurationMilliseconds = 0;
            prometheus.TargetInfoEnabled = false;
        }));

    /// <summary>Maps the call. The meters are counted from here on, and not from the first scrape.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder endpoints)
        => endpoints.MapPrometheusScrapingEndpoint("/metrics", meterProvider: null, scrape => scrape.Use(AlwaysTextAsync), optionsName: null);

    /// <summary>OpenMetrics, which the exporter would choose by <c>Accept</c>, has other bounds (<c>le="1.0"</c> for <c>le="1"</c>) and a series <c>_created</c> for each counter and histogram.</summary>
    private static Task AlwaysTextAsync(HttpContext context, RequestDelegate next)
    {
        context.Request.Headers.Accept = StringValues.Empty;
        return next(context);
    }
}

using Bxb.EventLog;
using Bxb.Host.Settings;
using Bxb.Management;
using Bxb.Modularity;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Json;
using Bxb.Operations.Contracts;
using Bxb.Riders;
using Bxb.Riders.Kafka;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Bxb.Host.Serving;

/// <summary>Builds the host: building blocks, modules and middleware.</summary>
internal static class BxbApplication
{
    private const string DefaultUrl = "http://localhost:8080";

    public static WebApplication Build(WebApplicationBuilder builder, BxbOptions options, Engines engines)
    {
        var bxb = builder.Configuration.GetSection("Bxb");
        if (!NamesAddress(builder.Configuration))
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AnswerRejectedRequests();
        });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.AddSingleton<Drain>().AddHostedService(services => services.GetRequiredService<Drain>());
        // The drain time, and more than a current batch needs.
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<ShutdownOptions>>((host, shutdown) => host.ShutdownTimeout = shutdown.Value.DrainTime + TimeSpan.FromSeconds(30));
        builder.Services.ConfigureHttpJsonOptions(json => ApiJson.Apply(json.SerializerOptions));
        builder.Services.AddSingleton(TimeProvider.System);

        // The modules read the address of ClickHouse from the settings, also that of the embedded engine.
        builder.Configuration.AddInMemoryCollection([new("Bxb:ClickHouse:Url", engines.ClickHouseUrl?.OriginalString ?? "")]);
        builder.Services.AddEventLog(log => log.ConnectionString = engines.PostgresConnectionString);
        builder.Services.AddParts(bxb);
        if (options.Transport == Transport.Kafka)
        {
            builder.Services.UsingKafka(withRelay: HostModules.Read(bxb).Runs(HostModules.Relay));
        }

        builder.Services.AddRiders();
        builder.Services.AddSingleton<StoreAway>();
        builder.Services.AddSingleton<StopLimit>();
        if (engines.ClickHouse is { } engine)
        {
            builder.Services.AddHealthChecks().AddCheck("clickhouse_engine", () => engine.ProcessId is not null
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Degraded("The embedded ClickHouse engine does not run and is being restarted; PostgreSQL answers usage queries. The host's log has the reason."),
                [HealthTags.Public]);
        }

        builder.Services.AddOpenApiDocument(options.PathBase);

        var app = builder.Build();
        app.Use(app.Services.GetRequiredService<Drain>().CloseConnectionsAsync);
        if (options.PathBase.Length > 0)
        {
            app.UsePathBase(options.PathBase);
        }

        app.UseProblemDocuments(app.Services.GetRequiredService<StoreAway>().Translate);
        app.UseRouting();
        app.UseApiKeys();
        app.MapModules();
        // Monitors and load balancers also use HEAD.
        var operation = app.MapGroup("").WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
        operation.MapGet("/", (HttpRequest request) => Results.Json(new { name = "bxb", version = HostVersion.Text, openapi = request.PathBase + "/openapi/v1.json" })).ExcludeFromDescription();
        operation.MapOpenApi();
        return app;
    }

    /// <summary>Whether any setting of ASP.NET Core names an address to listen on.</summary>
    private static bool NamesAddress(IConfiguration configuration)
        => new[] { WebHostDefaults.ServerUrlsKey, WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey }.Any(key => !string.IsNullOrEmpty(configuration[key]))
            || configuration.GetSection("Kestrel:Endpoints").GetChildren().Any();
}

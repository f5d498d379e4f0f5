using Bxb.EventLog;
using Bxb.Host.Operations;
using Bxb.Host.Settings;
using Bxb.Management;
using Bxb.Modularity;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Json;
using Bxb.Riders;
using Bxb.Riders.Kafka;
using Microsoft.Extensions.Options;

namespace Bxb.Host.Serving;

/// <summary>Puts the host together: building blocks, one line a module, and the calls of operation.</summary>
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
        // Beyond the drain time, longer than the time that a batch in hand is given to finish.
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<ShutdownOptions>>((host, shutdown) => host.ShutdownTimeout = shutdown.Value.DrainTime + TimeSpan.FromSeconds(30));
        builder.Services.ConfigureHttpJsonOptions(json => ApiJson.Apply(json.SerializerOptions));
        builder.Services.AddSingleton(TimeProvider.System);

        // From here on the parts need not know who started the engines.
        builder.Configuration.AddInMemoryCollection([new("Bxb:ClickHouse:Url", engines.ClickHouseUrl?.OriginalString ?? "")]);
        builder.Services.AddEventLog(log =>
        {
            bxb.GetSection("EventLog").Bind(log);
            log.ConnectionString = engines.PostgresConnectionString;
        });
        builder.Services.AddParts(bxb);
        if (options.Transport == Transport.Kafka)
        {
            builder.Services.UsingKafka(withRelay: HostModules.Read(bxb).Runs(HostModules.Relay));
        }

        builder.Services.AddRiders(riders => bxb.GetSection("Riders").Bind(riders));
        builder.Services.AddSingleton<StoreProbe>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<StoreProbe>());
        builder.Services.AddSingleton<StoreAway>();
        builder.Services.AddSingleton<StopLimit>();
        builder.Services.AddSingleton<PipelineView>();
        builder.Services.AddSingleton<MetricsEndpoint>();
        builder.Services.AddHealth(hasClickHouse: engines.ClickHouseUrl is not null, engines.ClickHouse);
        builder.Services.AddOpenApiDocument(options.PathBase);

        var app = builder.Build();
        // Made now and not by the first scrape: what happens before it counts too.
        var metrics = app.Services.GetRequiredService<MetricsEndpoint>();
        app.Use(app.Services.GetRequiredService<Drain>().CloseConnectionsAsync);
        if (options.PathBase.Length > 0)
        {
            app.UsePathBase(options.PathBase);
        }

        app.UseProblemDocuments(app.Services.GetRequiredService<StoreAway>().Translate);
        app.UseRouting();
        app.UseApiKeys();
        app.MapModules();
        app.MapPipeline();
        app.MapReplays(hasAdminToken: options.AdminToken is { Length: > 0 });
        app.MapDeadLetters();
        // Monitors and balancers probe with HEAD as well.
        var operation = app.MapGroup("").WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
        operation.MapHealth();
        operation.MapGet("/metrics", metrics.AnswerAsync).ExcludeFromDescription();
        operation.MapGet("/", (HttpRequest request) => Results.Json(new { name = "bxb", version = HostVersion.Text, openapi = request.PathBase + "/openapi/v1.json" })).ExcludeFromDescription();
        operation.MapOpenApi();
        return app;
    }

    /// <summary>Whether the configuration says where to listen, in any of ASP.NET Core's ways.</summary>
    private static bool NamesAddress(IConfiguration configuration)
        => new[] { WebHostDefaults.ServerUrlsKey, WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey }.Any(key => !string.IsNullOrEmpty(configuration[key]))
            || configuration.GetSection("Kestrel:Endpoints").GetChildren().Any();
}

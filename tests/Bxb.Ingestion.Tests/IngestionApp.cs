using System.Globalization;
using System.Net.Http.Headers;
using Bxb.EventLog;
using Bxb.EventLog.Schema;
using Bxb.Modularity;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bxb.Ingestion.Tests;

/// <summary>A host with nothing but the event log and intake in it, on a real Kestrel and a real PostgreSQL. Callers say who they are by a header.</summary>
public sealed class IngestionApp : IAsyncLifetime
{
    private const string OrganizationHeader = "X-Test-Organization";
    private static int _organizations;
    private WebApplication? _app;
    private SocketsHttpHandler? _handler;

    /// <summary>What the host logged as an error: nothing that a caller does may show up here.</summary>
    internal ErrorLog Errors { get; } = new();

    /// <summary>Settings below Bxb:Ingestion, to be set before the start.</summary>
    public Dictionary<string, string?> Settings { get; } = [];

    /// <summary>Changes to the log's options, to be set before the start.</summary>
    public Action<EventLogOptions> LogOptions { get; set; } = static _ => { };

    /// <summary>Changes to the server's options, to be set before the start.</summary>
    public Action<KestrelServerOptions> Server { get; set; } = static _ => { };

    /// <summary>Further services, to be set before the start.</summary>
    public Action<IServiceCollection> Services { get; set; } = static _ => { };

    /// <summary>The database; a new one unless it was set before the start, and then it is not migrated.</summary>
    public string? ConnectionString { get; set; }

    public Uri Address { get; private set; } = null!;

    public IServiceProvider Provider => _app!.Services;

    public async Task InitializeAsync()
    {
        var isMine = ConnectionString is null;
        ConnectionString ??= await TestPostgres.CreateDatabaseAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(Errors);
        builder.Configuration.AddInMemoryCollection(Settings.Select(s => KeyValuePair.Create("Bxb:Ingestion:" + s.Key, s.Value)));
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.Listen(System.Net.IPAddress.Loopback, 0);
            Server(server);
        });
        builder.Services.AddRouting();
        builder.Services.AddOpenApi();
        builder.Services.ConfigureHttpJsonOptions(json => Modularity.Json.ApiJson.Apply(json.SerializerOptions));
        builder.Services.AddEventLog(log =>
        {
            log.ConnectionString = ConnectionString;
            LogOptions(log);
        });
        builder.Services.AddModule<IngestionModule>(builder.Configuration.GetSection("Bxb"));
        Services(builder.Services);
        _app = builder.Build();
        _app.UseRouting();
        _app.UseProblemDocuments();
        _app.Use(static (context, next) =>
        {
            var organization = int.Parse(context.Request.Headers[OrganizationHeader].ToString() is { Length: > 0 } text ? text : "0", CultureInfo.InvariantCulture);
            context.Features.Set(new Caller(organization, ApiScopes.Ingest | ApiScopes.Read));
            return next(context);
        });
        _app.MapModules();
        _app.MapOpenApi();
        if (isMine)
        {
            await _app.Services.MigrateSqlAsync(CancellationToken.None);
        }

        await _app.StartAsync();
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        Address = new Uri(addresses.Addresses.Single());
        _handler = new SocketsHttpHandler { MaxConnectionsPerServer = 64, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
    }

    /// <summary>A caller of an organization that nobody else has.</summary>
    public HttpClient NewOrganization() => Caller(NewOrganizationId());

    public static int NewOrganizationId() => Interlocked.Increment(ref _organizations);

    public HttpClient Caller(int organization)
    {
        var client = new HttpClient(_handler!, disposeHandler: false) { BaseAddress = Address };
        client.DefaultRequestHeaders.Add(OrganizationHeader, organization.ToString(CultureInfo.InvariantCulture));
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return client;
    }

    public async Task DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _handler?.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class IngestionCollection : ICollectionFixture<IngestionApp>
{
    public const string Name = "one host";
}

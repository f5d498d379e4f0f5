using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Bxb.Analytics.Tests.Cases;
using Bxb.EventLog;
using Bxb.EventLog.Schema;
using Bxb.Management;
using Bxb.Management.Contracts;
using Bxb.Modularity;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Json;
using Bxb.Riders;
using Bxb.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Tests.Http;

/// <summary>A host with log, riders, management and analytics on Kestrel, over real stores.</summary>
public sealed class UsageHost : IAsyncLifetime, IAsyncDisposable
{
    private WebApplication? _app;

    /// <summary>The URL of ClickHouse; null creates an empty database.</summary>
    public Uri? ClickHouseUrl { get; init; }

    /// <summary>The database of the log; null creates an empty one.</summary>
    public string? Database { get; set; }

    /// <summary>Changes the options of all consumer groups.</summary>
    public Action<RidersOptions>? Riders { get; init; }

    /// <summary>Receives every log line from level Debug on; null for no log.</summary>
    public ILoggerProvider? Logs { get; init; }

    public Dictionary<string, string?> Settings { get; } = new(StringComparer.Ordinal) { ["Bxb:AdminToken"] = "the-admin-token-of-the-tests", ["Bxb:Analytics:MaxWait"] = "00:00:00.010" };

    public HttpClient Http { get; } = new(new SocketsHttpHandler());

    public IServiceProvider Services => _app!.Services;

    public int Organization { get; private set; }

    public async Task InitializeAsync()
    {
        var database = Database ??= await TestPostgres.CreateDatabaseAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        Settings["Bxb:ClickHouse:Url"] = (ClickHouseUrl ?? await TestClickHouse.CreateDatabaseAsync()).AbsoluteUri;
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.Logging.ClearProviders();
        if (Logs is not null)
        {
            builder.Logging.AddProvider(Logs).SetMinimumLevel(LogLevel.Debug);
        }

        builder.Services.AddEventLog(o => o.ConnectionString = database);
        builder.Services.AddRiders(Riders);
        builder.Services.ConfigureHttpJsonOptions(o => ApiJson.Apply(o.SerializerOptions));
        builder.Services.AddOpenApi("v1");
        var bxb = builder.Configuration.GetSection("Bxb");
        builder.Services.AddModule<ManagementModule>(bxb).AddModule<AnalyticsModule>(bxb);
        _app = builder.Build();
        _app.UseProblemDocuments();
        _app.UseRouting();
        _app.UseApiKeys();
        _app.MapModules();
        _app.MapOpenApi();
        await Services.MigrateSqlAsync(CancellationToken.None);
        await Services.MigrateManagementAsync(CancellationToken.None);
        var key = await Services.GetRequiredService<ManagementBootstrap>().CreateKeyAsync("first", null, ApiScopes.Ingest | ApiScopes.Read | ApiScopes.Manage, CancellationToken.None);
        Organization = key.OrganizationId;
        await _app.StartAsync();
        Http.BaseAddress = new Uri(_app.Urls.First());
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key.Key);
    }

    /// <summary>Returns a key of an organization, which is created if it is new.</summary>
    public async Task<string> KeyAsync(string organization, ApiScopes scopes) =>
        (await Services.GetRequiredService<ManagementBootstrap>().CreateKeyAsync(organization, null, scopes, CancellationToken.None)).Key!;

    public async Task MetricAsync(string code, string aggregation, string? field, string? key = null)
    {
        var body = JsonSerializer.Serialize(new { code, name = code, event_code = UsageCase.Code, aggregation_type = aggregation, field_name = field }, new JsonSerializerOptions { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull });
        var (status, answer) = await SendAsync(HttpMethod.Post, "/v1/billable_metrics", body, key);
        status.ShouldBe(201, answer.ToString());
    }

    /// <summary>Appends one event of the first organization and returns its position.</summary>
    internal async Task<long> AppendAsync(CaseEvent e, int? organization = null)
    {
        using var block = EventBlocks.Of(organization ?? Organization, [e]);
        await Services.GetRequiredService<EventLog.Appending.EventLogAppender>().AppendAsync(block, CancellationToken.None);
        return block.Events[0].Position;
    }

    public Task<(int Status, JsonElement Body)> GetAsync(string path, string? key = null) => SendAsync(HttpMethod.Get, path, null, key);

    public async Task<(int Status, JsonElement Body)> SendAsync(HttpMethod method, string path, string? body, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    /// <summary>Stops the host cleanly, so that it stores its last checkpoints.</summary>
    public Task StopAsync() => _app!.StopAsync();

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    public async Task DisposeAsync()
    {
        Http.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }
}

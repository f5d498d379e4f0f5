using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Bxb.Management.Contracts;
using Bxb.Modularity;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Modularity.Json;
using Bxb.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.Management.Tests;

/// <summary>The module on Kestrel and a database of its own, with one endpoint per scope besides.</summary>
public sealed class ManagementHost : IAsyncLifetime
{
    public const string AdminToken = "the-admin-token-of-the-tests";

    private readonly Dictionary<string, string?> _settings = new(StringComparer.Ordinal) { ["Bxb:AdminToken"] = AdminToken };
    private WebApplication? _app;
    private static int _names;

    public ManualClock Clock { get; } = new();

    public LogMemory Logs { get; } = new();

    public HttpClient Http { get; } = new(new SocketsHttpHandler());

    public string Database { get; private set; } = "";

    public IServiceProvider Services => _app!.Services;

    public NpgsqlDataSource DataSource => Services.GetRequiredService<NpgsqlDataSource>();

    public BillableMetricCatalog Catalog => Services.GetRequiredService<BillableMetricCatalog>();

    public ManagementBootstrap Bootstrap => Services.GetRequiredService<ManagementBootstrap>();

    public ManagementHost With(string key, string? value)
    {
        _settings[key] = value;
        return this;
    }

    /// <summary>Starts on a database that another host migrated.</summary>
    public async Task StartAsync(string database)
    {
        Database = database;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(_settings);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(Logs);
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddSingleton(_ => NpgsqlDataSource.Create(database));
        builder.Services.ConfigureHttpJsonOptions(o => ApiJson.Apply(o.SerializerOptions));
        builder.Services.AddOpenApi("v1", o => o.AddSchemaTransformer(new DocumentedSchemas()));
        builder.Services.AddModule<ManagementModule>(builder.Configuration.GetSection("Bxb"));
        _app = builder.Build();
        _app.UseProblemDocuments();
        _app.UseRouting();
        _app.UseApiKeys();
        _app.MapModules();
        _app.MapOpenApi();
        _app.MapGet("/open", () => "open");
        foreach (var scope in Enum.GetValues<ApiScopes>().Where(s => s != ApiScopes.None))
        {
            _app.MapGet($"/needs/{scope}", (Microsoft.AspNetCore.Http.HttpContext http) => Microsoft.AspNetCore.Http.Results.Text($"{http.Caller().OrganizationId}")).RequireScope(scope);
        }

        await _app.Services.MigrateManagementAsync(CancellationToken.None);
        await _app.StartAsync();
        Http.BaseAddress = new Uri(_app.Urls.First());
    }

    public async Task InitializeAsync() => await StartAsync(await TestPostgres.CreateDatabaseAsync());

    public async Task DisposeAsync()
    {
        Http.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    /// <summary>Sends a request; a string body goes as application/json.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, string? key, string? body = null, string? contentType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
            request.Content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        }

        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new Answer((int)response.StatusCode, text, response.Headers.WwwAuthenticate.ToString(), response.Content.Headers.ContentType?.MediaType, response.Headers.Location?.OriginalString);
    }

    public Task<Answer> GetAsync(string path, string? key) => SendAsync(HttpMethod.Get, path, key);

    public Task<Answer> PostAsync(string path, string? key, object body) => SendAsync(HttpMethod.Post, path, key, body as string ?? Latin1Json(body));

    public Task<Answer> PutAsync(string path, string? key, object body) => SendAsync(HttpMethod.Put, path, key, body as string ?? Latin1Json(body));

    public Task<Answer> DeleteAsync(string path, string? key) => SendAsync(HttpMethod.Delete, path, key);

    /// <summary>A new organization with one key.</summary>
    public async Task<(int Id, string Key, long KeyId)> OrganizationAsync(params string[] scopes)
    {
        var made = await PostAsync("/v1/organizations", AdminToken, new { name = $"organization {Interlocked.Increment(ref _names)}" });
        made.Status.ShouldBe(201, made.Text);
        var id = made.Json.GetProperty("id").GetInt32();
        var key = await PostAsync($"/v1/organizations/{id}/api_keys", AdminToken, scopes.Length == 0 ? new { } : new { scopes });
        key.Status.ShouldBe(201, key.Text);
        return (id, key.Json.GetProperty("key").GetString()!, key.Json.GetProperty("id").GetInt64());
    }

    // The serializer's default encoder writes ASCII only, so that Latin-1 carries it as it is.
    private static string Latin1Json(object body) => JsonSerializer.Serialize(body);
}

/// <summary>An answer, read to its end.</summary>
public sealed record Answer(int Status, string Text, string Challenge, string? MediaType, string? Location)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public string? Code => Json.GetProperty("code").GetString();

    public IReadOnlyList<string> Pointers => [.. Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString()!)];

    public void ShouldBeProblem(int status, string code)
    {
        Status.ShouldBe(status, Text);
        MediaType.ShouldBe("application/problem+json");
        Code.ShouldBe(code, Text);
        Json.GetProperty("status").GetInt32().ShouldBe(status);
    }
}

/// <summary>Time that moves when a test says so. Timers run on the system's.</summary>
public sealed class ManualClock : TimeProvider
{
    private long _ticks = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => new(GetTimestamp(), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}

/// <summary>Everything that was logged, with every parameter and exception.</summary>
public sealed class LogMemory : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IEnumerable<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var values = state is IEnumerable<KeyValuePair<string, object?>> pairs ? string.Join(' ', pairs.Select(p => $"{p.Key}={p.Value}")) : "";
        _lines.Enqueue($"{logLevel} {formatter(state, exception)} {values} {exception}");
    }

    public void Dispose()
    {
    }
}

[CollectionDefinition(Name)]
public sealed class OneHost : ICollectionFixture<ManagementHost>
{
    public const string Name = "one host";
}

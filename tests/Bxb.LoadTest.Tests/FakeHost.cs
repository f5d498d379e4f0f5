using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bxb.LoadTest.Tests;

/// <summary>The wire of a host, as far as the load test sees it: takes batches, cuts connections, is busy, and answers usage with what a test says.</summary>
internal sealed class FakeHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private FakeHost(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.First());

    /// <summary>Everything recorded: id to the region and bytes.</summary>
    public ConcurrentDictionary<string, (string Region, long Bytes)> Events { get; } = new(StringComparer.Ordinal);

    /// <summary>What to do with the request of a number, from 1: null is to handle it.</summary>
    public Func<int, Task<string?>> Mishap { get; set; } = _ => Task.FromResult<string?>(null);

    /// <summary>The rows of every usage answer.</summary>
    public Func<IEnumerable<object>> Rows { get; set; } = () => [];

    /// <summary>The store that answers say they come from; null: the one that was asked for.</summary>
    public string? Store { get; set; }

    public static async Task<FakeHost> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var fake = new FakeHost(app);
        app.MapPost("/v1/events/batch", fake.IngestAsync);
        app.MapGet("/v1/usage", context => context.Response.WriteAsJsonAsync(new { store = fake.Store ?? context.Request.Query["store"].ToString(), rows = fake.Rows() }));
        await app.StartAsync();
        return fake;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task IngestAsync(HttpContext context)
    {
        var mishap = await Mishap(Interlocked.Increment(ref _requests));
        if (mishap == "busy")
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "0";
            return;
        }

        if (mishap == "cut before")
        {
            context.Abort();
            return;
        }

        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var (ingested, duplicates) = (0, 0);
        foreach (var e in body.RootElement.GetProperty("events").EnumerateArray())
        {
            var properties = e.GetProperty("properties");
            var isNew = Events.TryAdd(e.GetProperty("transaction_id").GetString()!, (properties.GetProperty("region").GetString()!, properties.GetProperty("bytes").GetInt64()));
            _ = isNew ? ingested++ : duplicates++;
        }

        if (mishap == "cut after")
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = 201;
        context.Response.Headers["Bxb-Position"] = "17";
        await context.Response.WriteAsJsonAsync(new { ingested, duplicates });
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>A proxy between the client and the engine that simulates network faults for inserts of usage rows. Everything else passes.</summary>
internal sealed class FaultyPath : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _engine = new(new SocketsHttpHandler());
    private readonly Uri _target;

    private FaultyPath(WebApplication app, Uri target) => (_app, _target) = (app, target);

    internal Uri Url { get; private set; } = null!;

    /// <summary>The URL of the engine, without faults.</summary>
    internal Uri Direct => _target;

    /// <summary>Handles the next inserts. The function sends the insert to the engine and returns the status.</summary>
    internal Func<HttpContext, Func<Task<int>>, Task>? OnInsert { get; set; }

    /// <summary>Handles every statement. Receives its text, and a function that sends it to the engine and passes the answer on.</summary>
    internal Func<string, HttpContext, Func<Task>, Task>? OnStatement { get; set; }

    /// <summary>Answers the next sync calls.</summary>
    internal RequestDelegate? OnSync { get; set; }

    internal static async Task<FaultyPath> StartAsync(Uri target)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0").ConfigureKestrel(k => k.Limits.MaxRequestLineSize = 64 * 1024);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var path = new FaultyPath(app, target);
        app.Run(path.HandleAsync);
        await app.StartAsync();
        path.Url = new UriBuilder(target) { Port = new Uri(app.Urls.Single()).Port }.Uri;
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _engine.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        context.Request.Body = new MemoryStream(body.ToArray());
        var uri = new UriBuilder(_target) { Path = context.Request.Path, Query = context.Request.QueryString.Value }.Uri;
        var authorization = context.Request.Headers.Authorization.ToString();
        var type = context.Request.ContentType;
        var instance = context.Request.Headers["X-Bxb-Instance"].ToString();
        if (OnInsert is { } fault && context.Request.Query["query"].ToString().StartsWith("INSERT INTO usage", StringComparison.Ordinal))
        {
            await fault(context, async () =>
            {
                using var answer = await SendAsync();
                return (int)answer.StatusCode;
            });
            return;
        }

        if (OnSync is { } sync && context.Request.Path == "/bxb/sync")
        {
            await sync(context);
            return;
        }

        if (OnStatement is { } hook)
        {
            var inserted = context.Request.Query["query"].ToString();
            await hook(inserted.Length > 0 ? inserted : context.Request.Path == "/" ? System.Text.Encoding.UTF8.GetString(body.ToArray()) : context.Request.Path, context, PassAsync);
            return;
        }

        await PassAsync();

        async Task PassAsync()
        {
            using var passed = await SendAsync();
            context.Response.StatusCode = (int)passed.StatusCode;
            foreach (var header in passed.Headers.Where(h => h.Key.StartsWith("X-ClickHouse", StringComparison.OrdinalIgnoreCase)))
            {
                context.Response.Headers[header.Key] = header.Value.ToArray();
            }

            await passed.Content.CopyToAsync(context.Response.Body);
        }

        async Task<HttpResponseMessage> SendAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new ByteArrayContent(body.ToArray()) };
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            if (instance.Length > 0)
            {
                request.Headers.Add("X-Bxb-Instance", instance);
            }

            return await _engine.SendAsync(request);
        }
    }
}

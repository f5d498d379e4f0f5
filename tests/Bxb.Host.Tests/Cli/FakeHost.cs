using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bxb.Host.Tests.Cli;

/// <summary>A host on the wire, over a real Kestrel, with and without the path <c>/gateway/bxb</c> before its calls.</summary>
internal abstract class FakeHost : IAsyncDisposable
{
    public const string Key = "test-key";
    private readonly WebApplication _app;

    protected FakeHost()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.UsePathBase("/gateway/bxb");
        _app.UseRouting();
    }

    public Uri Url => new(_app.Urls.First());

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    protected static bool HasKey(HttpContext context) => context.Request.Headers.Authorization == "Bearer " + Key;

    protected static Task ProblemAsync(HttpContext context, int status, string detail)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new { status, detail });
    }

    protected async Task StartAsync(Action<WebApplication> map)
    {
        map(_app);
        await _app.StartAsync();
    }
}

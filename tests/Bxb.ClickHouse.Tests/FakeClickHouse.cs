using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bxb.ClickHouse.Tests;

/// <summary>A server that speaks HTTP over a real socket and answers each request as the test says.</summary>
internal sealed class FakeClickHouse : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeClickHouse(WebApplication app) => _app = app;

    internal Uri Url { get; private set; } = null!;

    internal static async Task<FakeClickHouse> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k =>
        {
            k.Limits.MaxRequestLineSize = 64 * 1024;
            k.Limits.MaxRequestBodySize = null;
            k.Listen(System.Net.IPAddress.Loopback, 0);
        });
        builder.Services.AddRouting();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new FakeClickHouse(app) { Url = new Uri(address.Replace("http://", "http://us%40er:pa%3Ass@", StringComparison.Ordinal) + "/?database=da%20ta") };
    }

    internal ClickHouseClient Client(TimeSpan? timeout = null, string prefix = "/") => new(new ClickHouseOptions
    {
        Url = new UriBuilder(Url) { Path = prefix }.Uri,
        QueryTimeout = timeout ?? TimeSpan.FromSeconds(30),
        InsertTimeout = timeout ?? TimeSpan.FromSeconds(30),
    });

    /// <summary>A port on which nobody listens.</summary>
    internal static Uri Nobody()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        return new Uri($"http://127.0.0.1:{((System.Net.IPEndPoint)socket.LocalEndPoint!).Port}/");
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

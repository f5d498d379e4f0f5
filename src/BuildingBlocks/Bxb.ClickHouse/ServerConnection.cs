using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Bxb.ClickHouse;

/// <summary>The HTTP connections to a server. Thread-safe. Nothing is retried here.</summary>
internal sealed class ServerConnection : IDisposable
{
    /// <summary>Probes have connections of their own, since statements may have taken all others.</summary>
    private const int ProbeConnections = 2;

    private const string ExceptionCodeHeader = "X-ClickHouse-Exception-Code";
    private const string InstanceHeader = "X-ClickHouse-Server-Display-Name";

    private readonly HttpClient _statements;
    private readonly HttpClient _probes;
    private volatile string? _instance;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="handler">Instead of own connections; not disposed.</param>
    internal ServerConnection(ClickHouseOptions options, HttpMessageHandler? handler)
    {
        _statements = Client(options.MaxConnections);
        _probes = Client(ProbeConnections);

        HttpClient Client(int connections) => new(handler ?? Connections(options, connections), disposeHandler: handler is null) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>What the server last called itself; null before its first answer.</summary>
    internal string? Instance => _instance;

    /// <summary>Sends a statement and returns its answer, whose status and headers report no error.</summary>
    /// <exception cref="ClickHouseException">The server refused it.</exception>
    internal async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, StatementClock clock)
    {
        var response = await SendUncheckedAsync(request, clock);
        try
        {
            await CheckAsync(response, clock.Token);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Sends a request and returns its answer with any status.</summary>
    internal async Task<HttpResponseMessage> SendUncheckedAsync(HttpRequestMessage request, StatementClock clock)
    {
        var response = await _statements.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, clock.Token);
        if (response.Headers.TryGetValues(InstanceHeader, out var names))
        {
            _instance = names.First();
        }

        return response;
    }

    /// <summary>Checks that status and headers of an answer report no error.</summary>
    /// <exception cref="ClickHouseException">They report one.</exception>
    internal static async Task CheckAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var code = 0;
        if (response.Headers.TryGetValues(ExceptionCodeHeader, out var codes))
        {
            _ = int.TryParse(codes.First(), NumberStyles.None, CultureInfo.InvariantCulture, out code);
        }

        if (response.IsSuccessStatusCode && code == 0)
        {
            return;
        }

        throw ClickHouseErrors.FromServer(await StatementAnswer.ErrorTextAsync(response, cancellationToken), code, (int)response.StatusCode);
    }

    /// <summary>Whether an answer arrives within a time limit and is not a server error.</summary>
    internal async Task<bool> AnswersAsync(HttpRequestMessage request, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(limit);
        try
        {
            using var response = await _probes.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            return (int)response.StatusCode < 500;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _statements.Dispose();
        _probes.Dispose();
    }

    private static SocketsHttpHandler Connections(ClickHouseOptions options, int most) => new()
    {
        ConnectTimeout = options.ConnectTimeout,
        MaxConnectionsPerServer = most,
        // Shorter than any server's keep-alive, so that few requests use a connection that the server is closing.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
    };
}

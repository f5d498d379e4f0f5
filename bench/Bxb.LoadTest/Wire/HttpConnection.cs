using System.Net.Sockets;
using System.Text;

namespace Bxb.LoadTest.Wire;

/// <summary>One keep-alive HTTP/1.1 connection that knows just enough to put load on a host without using the CPU that the host needs.</summary>
/// <remarks>Not thread-safe: one request at a time. Owns its socket and one buffer; after any exception it is to be disposed of.</remarks>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket _socket;
    private byte[] _buffer = new byte[16 * 1024];

    private HttpConnection(Socket socket) => _socket = socket;

    /// <summary>Opens a connection.</summary>
    public static async Task<HttpConnection> OpenAsync(Uri host, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host.Host, host.Port, cancellationToken);
            return new HttpConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The head of a POST, to stand in front of a body of exactly this many bytes.</summary>
    public static byte[] PostHead(Uri host, string path, string apiKey, int contentLength) => Encoding.ASCII.GetBytes(
        $"POST {path} HTTP/1.1\r\nHost: {host.Authority}\r\nAuthorization: Bearer {apiKey}\r\nContent-Type: application/json\r\nContent-Length: {contentLength}\r\n\r\n");

    /// <summary>Sends a whole request and reads the whole answer.</summary>
    /// <param name="request">Head and body; lent until the task has ended.</param>
    /// <param name="cancellationToken">Ends the wait; the connection is then of no more use.</param>
    /// <exception cref="IOException">The connection broke, or what came is no HTTP/1.1 answer.</exception>
    /// <exception cref="SocketException">The connection broke.</exception>
    public async ValueTask<Answer> SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        for (var sent = 0; sent < request.Length;)
        {
            sent += await _socket.SendAsync(request[sent..], SocketFlags.None, cancellationToken);
        }

        var received = 0;
        while (true)
        {
            if (received == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var read = await _socket.ReceiveAsync(_buffer.AsMemory(received), SocketFlags.None, cancellationToken);
            if (read == 0)
            {
                throw new IOException("The host closed the connection.");
            }

            received += read;
            if (Answer.TryParse(_buffer.AsSpan(0, received), out var answer))
            {
                return answer;
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _socket.Dispose();
}

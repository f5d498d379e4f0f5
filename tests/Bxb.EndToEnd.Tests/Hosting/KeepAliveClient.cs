using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Bxb.EndToEnd.Tests.Hosting;

/// <summary>
/// A client on a bare socket, which keeps its connection until an answer says <c>Connection: close</c> and repeats nothing: a request that meets a closed connection is an error.
/// Not thread-safe.
/// </summary>
internal sealed class KeepAliveClient(Uri host, string key) : IDisposable
{
    private readonly byte[] _buffer = new byte[16384];
    private TcpClient? _connection;

    /// <summary>Whether the last answer closed the connection.</summary>
    public bool WasClosed => _connection is null;

    /// <summary>Posts an event and returns the answer's status.</summary>
    /// <exception cref="IOException">The connection ended in place of an answer.</exception>
    public async Task<int> PostEventAsync(string id, string code)
    {
        await BeginEventAsync(id, code);
        return await EndEventAsync();
    }

    /// <summary>Sends all of an event but its last byte.</summary>
    public async Task BeginEventAsync(string id, string code)
    {
        if (_connection is null)
        {
            _connection = new TcpClient();
            await _connection.ConnectAsync(host.Host, host.Port);
        }

        var body = $$"""{"transaction_id": "{{id}}", "external_customer_id": "c", "code": "{{code}}"}""";
        var request = $"POST /v1/events HTTP/1.1\r\nHost: {host.Authority}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body[..^1]}";
        await _connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
    }

    /// <summary>Sends the last byte and returns the answer's status.</summary>
    /// <exception cref="IOException">The connection ended in place of an answer.</exception>
    public async Task<int> EndEventAsync()
    {
        var stream = _connection!.GetStream();
        await stream.WriteAsync("}"u8.ToArray());
        var answer = new StringBuilder();
        do
        {
            var read = await stream.ReadAsync(_buffer);
            answer.Append(read > 0 ? Encoding.ASCII.GetString(_buffer, 0, read) : throw new IOException($"The connection ended after '{answer}'."));
        }
        while (!IsComplete(answer.ToString()));
        if (answer.ToString().Contains("\r\nConnection: close\r\n", StringComparison.OrdinalIgnoreCase))
        {
            Dispose();
        }

        return int.Parse(answer.ToString().Split(' ')[1], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private static bool IsComplete(string answer)
    {
        var head = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        const string Length = "Content-Length: ";
        return head >= 0 && (answer.IndexOf(Length, StringComparison.OrdinalIgnoreCase) is var at and >= 0
            ? answer.Length >= head + 4 + int.Parse(answer.AsSpan(at + Length.Length, answer.IndexOf('\r', at) - at - Length.Length), CultureInfo.InvariantCulture)
            : answer.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal));
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Bxb.Embedded.Files;

/// <summary>A server's port on 127.0.0.1: chosen once, kept in a file, and replaced only when another process uses it.</summary>
internal static class LoopbackPort
{
    /// <summary>The port in the file if it is free, else a new one, which is written into the file.</summary>
    public static async Task<int> KeptOrFreeAsync(string path, CancellationToken ct)
    {
        if (File.Exists(path)
            && int.TryParse(await File.ReadAllTextAsync(path, ct), CultureInfo.InvariantCulture, out var kept)
            && kept is > 0 and < 65536
            && IsFree(kept))
        {
            return kept;
        }

        var port = FreePort();
        await PrivateFile.WriteAsync(path, port.ToString(CultureInfo.InvariantCulture), ct);
        return port;
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

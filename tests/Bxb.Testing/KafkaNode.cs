using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Bxb.Testing;

/// <summary>A node of a Kafka cluster, known by its folder: its working directory, in which a file <c>pid</c> names its process.</summary>
internal static class KafkaNode
{
    /// <summary>Kills it and returns when it is gone. A process id that was given to somebody else meanwhile is left alone.</summary>
    public static async Task KillAsync(string folder)
    {
        if (await FindAsync(folder) is { } pid)
        {
            End(pid);
            await Eventually.HoldsAsync(() => WorksIn(pid) != folder, $"Process {pid} has ended");
        }
    }

    /// <summary>Whether it runs.</summary>
    public static async Task<bool> RunsAsync(string folder) => await FindAsync(folder) is not null;

    /// <summary>Whether somebody takes connections on a port of 127.0.0.1.</summary>
    public static async Task<bool> IsListeningAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<int?> FindAsync(string folder)
    {
        var file = Path.Combine(folder, "pid");
        return File.Exists(file) && int.TryParse(await File.ReadAllTextAsync(file), CultureInfo.InvariantCulture, out var pid) && WorksIn(pid) == folder ? pid : null;
    }

    private static void End(int pid)
    {
        try
        {
            using var node = Process.GetProcessById(pid);
            node.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended meanwhile.
            return;
        }
    }

    /// <summary>A process's working directory; null when there is no such process, or it has ended and nobody has asked for its exit code.</summary>
    private static string? WorksIn(int pid)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{pid}/cwd", returnFinalTarget: false)?.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

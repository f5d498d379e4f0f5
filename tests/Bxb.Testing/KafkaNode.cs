using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Bxb.Testing;

/// <summary>
/// A node of a Kafka cluster in a folder whose file <c>pid</c> has its process id. The process has the folder as its working folder or in its command line. While Java starts, its working folder is
/// another.
/// </summary>
public static class KafkaNode
{
    /// <summary>Kills it and returns when it is gone. A process id that was given to somebody else meanwhile is left alone.</summary>
    public static async Task KillAsync(string folder)
    {
        if (await FindAsync(folder) is { } pid)
        {
            End(pid);
            await Eventually.HoldsAsync(() => !IsOf(pid, folder), $"Process {pid} has ended");
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
        return File.Exists(file) && int.TryParse(await File.ReadAllTextAsync(file), CultureInfo.InvariantCulture, out var pid) && IsOf(pid, folder) ? pid : null;
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

    private static bool IsOf(int pid, string folder)
    {
        try
        {
            // Both are gone when it has ended, also when nobody has asked for its exit code yet.
            return File.ResolveLinkTarget($"/proc/{pid}/cwd", returnFinalTarget: false)?.FullName == folder
                || File.ReadAllText($"/proc/{pid}/cmdline").Split('\0').Any(a => a.EndsWith("=" + folder, StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

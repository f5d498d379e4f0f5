using System.Diagnostics;

namespace Bxb.Embedded.Processes;

/// <summary>Finds processes that an earlier host left running.</summary>
internal static class RunningProcesses
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Ids of the processes whose working folder is the given one.</summary>
    public static IReadOnlyList<int> WithWorkingFolder(string folder) => Where(entry => ReadLink(Path.Combine(entry, "cwd")) == folder);

    /// <summary>Ids of the processes with an argument that ends with the program's name, and one that equals <paramref name="argument"/>.</summary>
    public static IReadOnlyList<int> WithArguments(string program, string argument) => Where(entry =>
        Arguments(entry) is { Length: > 0 } arguments && arguments.Contains(argument) && arguments.Any(a => a.EndsWith(program, StringComparison.Ordinal)));

    /// <summary>The command line of a process with spaces between the arguments; null when there is no such process.</summary>
    public static async Task<string?> CommandLineAsync(int pid, CancellationToken ct)
    {
        if (!Libc.IsAlive(pid))
        {
            return null;
        }

        try
        {
            if (Directory.Exists("/proc/self"))
            {
                return (await File.ReadAllTextAsync($"/proc/{pid}/cmdline", ct)).Replace('\0', ' ');
            }

            var start = new ProcessStartInfo("ps", ["-o", "command=", "-p", $"{pid}"]) { RedirectStandardOutput = true, UseShellExecute = false };
            using var ps = Process.Start(start)!;
            return await ps.StandardOutput.ReadToEndAsync(ct);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Stops a child process: one signal, and another one after the time-out. Returns after the end or the second signal.</summary>
    /// <param name="process">The child.</param>
    /// <param name="orderly">The first signal.</param>
    /// <param name="forced">The second signal.</param>
    /// <param name="timeout">Time between them.</param>
    /// <param name="onTimeout">Called before the second signal, with the time-out in seconds.</param>
    public static async Task StopAsync(Process process, int orderly, int forced, TimeSpan timeout, Action<double> onTimeout)
    {
        if (process.HasExited)
        {
            return;
        }

        Libc.Signal(process.Id, orderly);
        if (!await WaitAsync(() => process.HasExited, timeout, CancellationToken.None))
        {
            onTimeout(timeout.TotalSeconds);
            Libc.Signal(process.Id, forced);
        }
    }

    /// <summary>Waits until a condition holds. False when the time-out comes first.</summary>
    public static async Task<bool> WaitAsync(Func<bool> condition, TimeSpan timeout, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > timeout)
            {
                return false;
            }

            await Task.Delay(PollInterval, ct);
        }

        return true;
    }

    /// <summary>The ids of the processes whose folder in /proc fits; empty where the system has no /proc.</summary>
    private static List<int> Where(Func<string, bool> fits)
    {
        var found = new List<int>();
        foreach (var entry in Directory.Exists("/proc/self") ? Directory.EnumerateDirectories("/proc") : [])
        {
            if (int.TryParse(Path.GetFileName(entry), out var pid) && fits(entry))
            {
                found.Add(pid);
            }
        }

        return found;
    }

    /// <summary>Empty for a zombie and for another user's process.</summary>
    private static string[] Arguments(string entry)
    {
        try
        {
            return File.ReadLines(Path.Combine(entry, "cmdline")).FirstOrDefault()?.Split('\0') ?? [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? ReadLink(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: false)?.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

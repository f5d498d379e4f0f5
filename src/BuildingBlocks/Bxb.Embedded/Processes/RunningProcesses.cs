using System.Diagnostics;

namespace Bxb.Embedded.Processes;

/// <summary>Looks at processes that this host did not start: what an earlier host left running.</summary>
internal static class RunningProcesses
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Ids of the processes whose working folder is the given one. Empty where the system has no /proc.</summary>
    public static IReadOnlyList<int> WithWorkingFolder(string folder)
    {
        if (!Directory.Exists("/proc/self"))
        {
            return [];
        }

        var found = new List<int>();
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry), out var pid) && ReadLink(Path.Combine(entry, "cwd")) == folder)
            {
                found.Add(pid);
            }
        }

        return found;
    }

    /// <summary>Ids of the processes on whose command line both texts stand, the second as a whole argument. Empty where the system has no /proc.</summary>
    public static IReadOnlyList<int> WithArguments(string program, string argument)
    {
        if (!Directory.Exists("/proc/self"))
        {
            return [];
        }

        var found = new List<int>();
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry), out var pid)
                && Arguments(entry) is { Length: > 0 } arguments
                && arguments.Contains(argument)
                && arguments.Any(a => a.EndsWith(program, StringComparison.Ordinal)))
            {
                found.Add(pid);
            }
        }

        return found;
    }

    /// <summary>The command line of a process, its arguments separated by spaces; null when there is no such process.</summary>
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

    /// <summary>Waits until a condition holds, looking again every few milliseconds; false when the time is over first.</summary>
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

    /// <summary>Empty for a process that has ended (a zombie) or belongs to somebody else.</summary>
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

using Bxb.Embedded.Processes;

namespace Bxb.Embedded.Postgres;

/// <summary>
/// Ends what an earlier host left running on a cluster. A server is known by its working folder, which is its cluster, and not by
/// the id in postmaster.pid alone: ids are given again, and nobody else's process may be touched.
/// </summary>
internal static class LeftoverServer
{
    private static readonly TimeSpan OrderlyStop = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan QuickStop = TimeSpan.FromSeconds(10);

    /// <summary>Returns the ids that were ended, when all of them are gone. Backends whose server was killed count too: two servers on one cluster would destroy it.</summary>
    /// <exception cref="EmbeddedEngineException">Something does not end.</exception>
    public static async Task<IReadOnlyList<int>> EndAsync(string cluster, CancellationToken ct)
    {
        var pidFile = Path.Combine(cluster, "postmaster.pid");
        var server = await ServerAsync(pidFile, cluster, ct);
        var found = Running(cluster, server);
        if (found.Count > 0)
        {
            // Fast stop first; a backend without its server takes SIGQUIT.
            var gone = server is { } pid && Libc.Signal(pid, Libc.SigInt) && await EndedAsync(cluster, server, OrderlyStop, ct);
            gone = gone || (SignalAll(cluster, server, Libc.SigQuit) && await EndedAsync(cluster, server, QuickStop, ct));
            gone = gone || (SignalAll(cluster, server, Libc.SigKill) && await EndedAsync(cluster, server, QuickStop, ct));
            if (!gone)
            {
                throw new EmbeddedEngineException($"PostgreSQL of an earlier host still runs on {cluster} (process {string.Join(", ", Running(cluster, server))}) and does not end.");
            }
        }

        if (File.Exists(pidFile) && await ReadPidAsync(pidFile, ct) is { } stale && Libc.IsAlive(stale))
        {
            // The id belongs to somebody else by now; the new server would take it for its predecessor and refuse to start.
            File.Delete(pidFile);
        }

        return found;
    }

    private static async Task<int?> ServerAsync(string pidFile, string cluster, CancellationToken ct)
    {
        if (!File.Exists(pidFile) || await ReadPidAsync(pidFile, ct) is not { } pid)
        {
            return null;
        }

        var line = await RunningProcesses.CommandLineAsync(pid, ct);
        return line is not null && line.Contains("postgres", StringComparison.Ordinal) && line.Contains(cluster, StringComparison.Ordinal) ? pid : null;
    }

    private static async Task<int?> ReadPidAsync(string pidFile, CancellationToken ct)
    {
        try
        {
            var lines = await File.ReadAllLinesAsync(pidFile, ct);
            return lines.Length > 0 && int.TryParse(lines[0], out var pid) && pid > 1 ? pid : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static List<int> Running(string cluster, int? server)
    {
        var pids = RunningProcesses.WithWorkingFolder(cluster).ToList();
        if (server is { } pid && !pids.Contains(pid) && Libc.IsAlive(pid))
        {
            pids.Add(pid);
        }

        return pids;
    }

    private static bool SignalAll(string cluster, int? server, int signal)
    {
        foreach (var pid in Running(cluster, server))
        {
            Libc.Signal(pid, signal);
        }

        return true;
    }

    private static Task<bool> EndedAsync(string cluster, int? server, TimeSpan timeout, CancellationToken ct) =>
        RunningProcesses.WaitAsync(() => Running(cluster, server).Count == 0, timeout, ct);
}

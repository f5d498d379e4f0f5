using Bxb.Embedded.Processes;

namespace Bxb.Embedded.Postgres;

/// <summary>
/// Ends the server that an earlier host left running on a cluster. It is recognized by its working folder, the cluster, and not by the id in postmaster.pid alone: the system may have given the
/// id to another process.
/// </summary>
internal static class LeftoverServer
{
    private static readonly TimeSpan OrderlyStop = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan QuickStop = TimeSpan.FromSeconds(10);

    /// <summary>Ends the server and returns the ids of the processes once they are gone. Includes backends of a killed server: two servers on one cluster would destroy it.</summary>
    /// <exception cref="EmbeddedEngineException">A process does not end.</exception>
    public static async Task<IReadOnlyList<int>> EndAsync(string cluster, CancellationToken ct)
    {
        var server = await ServerAsync(cluster, ct);
        var found = Running(cluster, server);
        if (found.Count > 0)
        {
            // Fast stop first. A backend without its server ends by SIGQUIT.
            var gone = server is { } pid && Libc.Signal(pid, Libc.SigInt) && await EndedAsync(cluster, server, OrderlyStop, ct);
            gone = gone || (SignalAll(cluster, server, Libc.SigQuit) && await EndedAsync(cluster, server, QuickStop, ct));
            gone = gone || (SignalAll(cluster, server, Libc.SigKill) && await EndedAsync(cluster, server, QuickStop, ct));
            if (!gone)
            {
                throw new EmbeddedEngineException($"PostgreSQL of an earlier host still runs on {cluster} (process {string.Join(", ", Running(cluster, server))}) and does not end.");
            }
        }

        if (await PidFile.ReadAsync(cluster, ct) is { } stale && Libc.IsAlive(stale.ProcessId))
        {
            // Another process has the id by now. The new server would take that process for its predecessor and refuse to start.
            File.Delete(PidFile.PathIn(cluster));
        }

        return found;
    }

    private static async Task<int?> ServerAsync(string cluster, CancellationToken ct)
    {
        if (await PidFile.ReadAsync(cluster, ct) is not { ProcessId: var pid })
        {
            return null;
        }

        var line = await RunningProcesses.CommandLineAsync(pid, ct);
        return line is not null && line.Contains("postgres", StringComparison.Ordinal) && line.Contains(cluster, StringComparison.Ordinal) ? pid : null;
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

using Bxb.Embedded.Processes;

namespace Bxb.Embedded.ClickHouse;

/// <summary>The engine's folder, <c>clickhouse</c> in the data directory; its tables are in <c>data</c> below it.</summary>
internal sealed record EngineHome(string Folder)
{
    private static readonly TimeSpan OrderlyStop = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Kill = TimeSpan.FromSeconds(10);

    public string Data => Path.Combine(Folder, "data");

    public string PasswordFile => Path.Combine(Folder, "password");

    public string PortFile => Path.Combine(Folder, "port");

    public static EngineHome Of(string dataDirectory) => new(Path.Combine(Path.GetFullPath(dataDirectory), "clickhouse"));

    /// <summary>Ends engine processes that an earlier host left on this folder, found by their command line. Returns their ids once they are gone.</summary>
    /// <exception cref="EmbeddedEngineException">A process does not end.</exception>
    public async Task<IReadOnlyList<int>> EndLeftoversAsync(CancellationToken ct)
    {
        var found = Running();
        if (found.Count > 0)
        {
            var gone = await EndedBySignalAsync(found, Libc.SigTerm, OrderlyStop, ct) || await EndedBySignalAsync(found, Libc.SigKill, Kill, ct);
            if (!gone)
            {
                throw new EmbeddedEngineException($"A ClickHouse engine of an earlier host still runs on {Data} (process {string.Join(", ", Running())}) and does not end.");
            }
        }

        return found;
    }

    private IReadOnlyList<int> Running() => RunningProcesses.WithArguments(EngineProgram.FileName, Data);

    private Task<bool> EndedBySignalAsync(IReadOnlyList<int> pids, int signal, TimeSpan timeout, CancellationToken ct)
    {
        foreach (var pid in pids)
        {
            Libc.Signal(pid, signal);
        }

        return RunningProcesses.WaitAsync(() => Running().Count == 0, timeout, ct);
    }
}

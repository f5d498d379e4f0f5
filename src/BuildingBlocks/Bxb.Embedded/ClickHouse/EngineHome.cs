using Bxb.Embedded.Processes;

namespace Bxb.Embedded.ClickHouse;

/// <summary>Where the engine's files lie: <c>clickhouse</c> in the data directory, with the tables in <c>data</c> below it.</summary>
internal sealed record EngineHome(string Folder)
{
    private static readonly TimeSpan OrderlyStop = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Kill = TimeSpan.FromSeconds(10);

    public string Data => Path.Combine(Folder, "data");

    public string PasswordFile => Path.Combine(Folder, "password");

    public string PortFile => Path.Combine(Folder, "port");

    public static EngineHome Of(string dataDirectory) => new(Path.Combine(Path.GetFullPath(dataDirectory), "clickhouse"));

    /// <summary>Ends engine processes that an earlier host left on this folder, known by their command line; returns their ids once they are gone.</summary>
    /// <exception cref="EmbeddedEngineException">One does not end.</exception>
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

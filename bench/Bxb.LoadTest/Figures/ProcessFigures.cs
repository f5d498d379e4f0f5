using System.Globalization;

namespace Bxb.LoadTest.Figures;

/// <summary>CPU time and memory of one part of the system.</summary>
/// <param name="CpuSeconds">User and system time since the processes began, with that of children that have ended.</param>
/// <param name="MemoryMib">Proportional set size (memory that several processes share is counted once); the resident set where the kernel does not tell it.</param>
/// <param name="Processes">How many processes it is.</param>
internal readonly record struct PartFigures(double CpuSeconds, double MemoryMib, int Processes);

/// <summary>Reads from /proc what a host and everything that it started use: the host itself, PostgreSQL, the ClickHouse engine. Linux only.</summary>
internal static class ProcessFigures
{
    /// <summary>The host process itself.</summary>
    public const string Host = "host";

    /// <summary>PostgreSQL with all its processes.</summary>
    public const string PostgreSql = "postgresql";

    /// <summary>The ClickHouse engine.</summary>
    public const string Engine = "engine";

    /// <summary>The Kafka broker.</summary>
    public const string Broker = "broker";

    /// <summary>The load generator: this process.</summary>
    public const string Generator = "load generator";

    private const double TicksPerSecond = 100;

    /// <summary>The parts as they are now. Processes that end meanwhile are left out.</summary>
    /// <param name="hostProcessId">The host that the tree is looked for under; null: none.</param>
    /// <param name="brokerProcessId">The Kafka broker, which is nobody's child; null: none.</param>
    /// <param name="withMemory">Whether memory is wanted: the kernel walks over every page for it.</param>
    public static async Task<IReadOnlyDictionary<string, PartFigures>> ReadAsync(int? hostProcessId, int? brokerProcessId, bool withMemory = true)
    {
        var parts = new Dictionary<string, PartFigures>(StringComparer.Ordinal);
        if (!OperatingSystem.IsLinux())
        {
            return parts;
        }

        await AddAsync(parts, Generator, Environment.ProcessId, withEndedChildren: false, withMemory);
        if (brokerProcessId is { } broker)
        {
            await AddAsync(parts, Broker, broker, withEndedChildren: false, withMemory);
        }

        if (hostProcessId is not { } host)
        {
            return parts;
        }

        var parents = await ParentsAsync();
        foreach (var process in parents.Keys.Where(p => IsBelow(p, host, parents)))
        {
            var name = await NameAsync(process);
            var part = process == host ? Host : name.Contains("postgres", StringComparison.Ordinal) ? PostgreSql : name.Contains("Engine", StringComparison.Ordinal) ? Engine : Host;

            // The postmaster collects the time of back ends that have ended.
            await AddAsync(parts, part, process, withEndedChildren: part == PostgreSql, withMemory);
        }

        return parts;
    }

    private static async Task AddAsync(Dictionary<string, PartFigures> parts, string part, int process, bool withEndedChildren, bool withMemory)
    {
        var stat = await StatAsync(process);
        if (stat.Length < 22)
        {
            return;
        }

        // Fields 14 to 17 of the manual page; the first here is the third there.
        var ticks = Field(11) + Field(12) + (withEndedChildren ? Field(13) + Field(14) : 0);
        var memory = withMemory ? await MemoryKibAsync(process, Field(21) * Environment.SystemPageSize / 1024) : 0;
        var known = parts.GetValueOrDefault(part);
        parts[part] = new PartFigures(known.CpuSeconds + (ticks / TicksPerSecond), known.MemoryMib + (memory / 1024.0), known.Processes + 1);

        long Field(int index) => long.Parse(stat[index], CultureInfo.InvariantCulture);
    }

    private static async Task<long> MemoryKibAsync(int process, long residentKib)
    {
        var line = (await ReadAsync($"/proc/{process}/smaps_rollup")).Split('\n').FirstOrDefault(l => l.StartsWith("Pss:", StringComparison.Ordinal));
        return line is null ? residentKib : long.Parse(line[4..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }

    private static async Task<Dictionary<int, int>> ParentsAsync()
    {
        var parents = new Dictionary<int, int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var process) && await StatAsync(process) is { Length: > 1 } stat)
            {
                parents[process] = int.Parse(stat[1], CultureInfo.InvariantCulture);
            }
        }

        return parents;
    }

    private static bool IsBelow(int process, int ancestor, Dictionary<int, int> parents)
    {
        while (process != ancestor)
        {
            if (!parents.TryGetValue(process, out process))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The fields behind the name, which is in brackets and may hold anything.</summary>
    private static async Task<string[]> StatAsync(int process)
    {
        var stat = await ReadAsync($"/proc/{process}/stat");
        return stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task<string> NameAsync(int process) => await ReadAsync($"/proc/{process}/comm") + (await ReadAsync($"/proc/{process}/cmdline")).Replace('\0', ' ');

    private static async Task<string> ReadAsync(string file)
    {
        try
        {
            return await File.ReadAllTextAsync(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

using System.Globalization;

namespace Bxb.EndToEnd.Tests.Hosting;

/// <summary>Which processes work on a data directory, read from <c>/proc</c>.</summary>
internal static class ProcessTree
{
    /// <summary>The children, grandchildren and so on of a process whose command line holds the text.</summary>
    public static IReadOnlyList<int> Descendants(int processId, string commandLinePart)
    {
        var all = All();
        var found = new List<int>();
        var parents = new Queue<int>([processId]);
        while (parents.TryDequeue(out var parent))
        {
            foreach (var (id, _, line) in all.Where(p => p.Parent == parent))
            {
                parents.Enqueue(id);
                if (line.Contains(commandLinePart, StringComparison.Ordinal))
                {
                    found.Add(id);
                }
            }
        }

        return found;
    }

    /// <summary>Every process whose command line names the directory.</summary>
    public static IReadOnlyList<string> NamingDirectory(string directory)
        => [.. All().Where(p => p.Id != Environment.ProcessId && p.CommandLine.Contains(directory, StringComparison.Ordinal)).Select(p => $"{p.Id} {p.CommandLine}")];

    /// <summary>Whether a process of this id is there and no zombie.</summary>
    public static bool IsRunning(int processId) => All().Exists(p => p.Id == processId);

    private static List<(int Id, int Parent, string CommandLine)> All()
    {
        var processes = new List<(int, int, string)>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id))
            {
                continue;
            }

            try
            {
                var stat = File.ReadAllText(Path.Combine(directory, "stat"));
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                if (fields[0] != "Z")
                {
                    processes.Add((id, int.Parse(fields[1], CultureInfo.InvariantCulture), File.ReadAllText(Path.Combine(directory, "cmdline")).Replace('\0', ' ')));
                }
            }
            catch (IOException)
            {
                // It ended while we looked.
            }
        }

        return processes;
    }
}

using System.Globalization;

namespace Bxb.KafkaBench;

/// <summary>CPU time of one thread of this process. Linux only; elsewhere there are none.</summary>
/// <param name="Name">The thread's name: librdkafka, the runtime and the rider name theirs. At most 15 characters.</param>
/// <param name="CpuSeconds">User and system time since it began.</param>
internal readonly record struct ThreadFigure(string Name, double CpuSeconds)
{
    private const double TicksPerSecond = 100;

    /// <summary>All threads by their ids, as they are now.</summary>
    public static async Task<IReadOnlyDictionary<int, ThreadFigure>> ReadAsync()
    {
        var threads = new Dictionary<int, ThreadFigure>();
        if (!OperatingSystem.IsLinux())
        {
            return threads;
        }

        foreach (var directory in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                // The name is in brackets and may hold anything; then fields 3 and on of the manual page.
                var stat = await File.ReadAllTextAsync(Path.Combine(directory, "stat"));
                var (from, to) = (stat.IndexOf('(', StringComparison.Ordinal), stat.LastIndexOf(')'));
                var fields = stat[(to + 2)..].Split(' ');
                var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
                threads[int.Parse(Path.GetFileName(directory), CultureInfo.InvariantCulture)] = new ThreadFigure(stat[(from + 1)..to], ticks / TicksPerSecond);
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }

        return threads;
    }
}

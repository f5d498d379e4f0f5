using System.Diagnostics;
using System.Globalization;

namespace Bxb.Testing;

/// <summary>
/// One temporary folder per test process, named by its id. What test processes that were killed left behind, engines and files, is
/// removed when the next one starts.
/// </summary>
public static class TestDirectories
{
    private static readonly string Root = Path.Combine(Path.GetTempPath(), "bxb-tests");
    private static readonly Lazy<Task<string>> Own = new(MakeOwnAsync);
    private static int _folders;

    /// <summary>An empty folder for one test.</summary>
    public static async Task<string> CreateAsync(string name)
    {
        var path = Path.Combine(await Own.Value, $"{name}-{Interlocked.Increment(ref _folders)}");
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Deletes this process's folder, engines' data included; for the end of the process, when nothing of it runs any more.</summary>
    internal static void RemoveOwn()
    {
        var own = Path.Combine(Root, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        if (Directory.Exists(own))
        {
            Directory.Delete(own, recursive: true);
        }
    }

    private static async Task<string> MakeOwnAsync()
    {
        Directory.CreateDirectory(Root);
        foreach (var folder in Directory.GetDirectories(Root))
        {
            if (int.TryParse(Path.GetFileName(folder), out var pid) && !IsAlive(pid))
            {
                await RemoveAsync(folder);
            }
        }

        var own = Path.Combine(Root, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        if (Directory.Exists(own))
        {
            await RemoveAsync(own);
        }

        Directory.CreateDirectory(own);
        AtProcessExit.Enable();
        return own;
    }

    private static async Task RemoveAsync(string folder)
    {
        try
        {
            foreach (var data in Directory.GetDirectories(folder).Where(d => Directory.Exists(Path.Combine(d, "postgres"))))
            {
                await Embedded.EmbeddedPostgres.RemoveAsync(data, CancellationToken.None);
            }

            foreach (var data in Directory.GetDirectories(folder).Where(d => Directory.Exists(Path.Combine(d, "clickhouse"))))
            {
                await Embedded.EmbeddedClickHouse.RemoveAsync(data, CancellationToken.None);
            }

            foreach (var cluster in Directory.GetDirectories(folder, "kafka-*"))
            {
                await TestKafka.KillNodesAsync(cluster);
            }

            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Embedded.EmbeddedEngineException)
        {
            // Another test process that starts at the same moment cleans up too.
            Console.Error.WriteLine($"{folder} was not removed: {e.Message}");
        }
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

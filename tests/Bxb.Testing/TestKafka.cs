using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Bxb.Testing;

/// <summary>
/// Real Kafka brokers for tests, from the folder that <see cref="Variable"/> names: it holds a script <c>kafka</c> that starts, kills,
/// restarts and stops the nodes of a cluster. Data and nodes are gone with the test process. Thread-safe.
/// </summary>
public sealed class TestKafka : IAsyncDisposable
{
    /// <summary>Names the folder of a Kafka to start; tests that need a real broker are skipped without it.</summary>
    public const string Variable = "BXB_KAFKA_HOME";

    /// <summary>What Kafka does by minutes otherwise: a dead consumer's partitions and a dead producer's transaction are given up sooner, when a client asks for it.</summary>
    private const string ShortTimes = "group.min.session.timeout.ms=1000\ntransaction.abort.timed.out.transaction.cleanup.interval.ms=500\n";

    /// <summary>A node that others are to catch up with takes its time on a busy machine.</summary>
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(2);

    private static readonly Lazy<Task<TestKafka>> Shared = new(() => StartClusterAsync(1));
    private static int _topics;

    private readonly string _directory;
    private readonly int _nodes;
    private readonly KafkaPorts _ports;
    private int _isDisposed;

    private TestKafka(string directory, int nodes, KafkaPorts ports)
    {
        _directory = directory;
        _nodes = nodes;
        _ports = ports;
        BootstrapServers = string.Join(',', Enumerable.Range(1, nodes).Select(node => $"127.0.0.1:{PortOf(node)}"));
    }

    /// <summary>The folder of the Kafka to start; null when there is none.</summary>
    public static string? Home => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } home ? home : null;

    /// <summary>The addresses of all nodes, whether they run or not.</summary>
    public string BootstrapServers { get; }

    /// <summary>One node for the whole test process, started when the first test asks. Not to be disposed: it ends with the process.</summary>
    public static Task<TestKafka> SharedAsync() => Shared.Value;

    /// <summary>Starts a cluster of the caller's own, which takes about 4 s for one node and 10 s for three, and 384 MiB a node.</summary>
    /// <param name="nodes">Nodes, each a broker and a controller; replication is 3, and min.insync.replicas 2, from three nodes on.</param>
    /// <param name="settings">Lines for each node's <c>server.properties</c>.</param>
    /// <exception cref="InvalidOperationException">There is no Kafka home, or a node does not start.</exception>
    public static async Task<TestKafka> StartClusterAsync(int nodes, string settings = "")
    {
        var cluster = new TestKafka(await TestDirectories.CreateAsync("kafka"), nodes, KafkaPorts.Take(2 * nodes));
        AtProcessExit.Stop(cluster);
        try
        {
            await cluster.RunAsync(settings, "start", cluster._directory, nodes.ToString(CultureInfo.InvariantCulture), cluster._ports.First.ToString(CultureInfo.InvariantCulture));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A name for a topic that no other test uses.</summary>
    public static string NewTopicName() => string.Create(CultureInfo.InvariantCulture, $"test-{Environment.ProcessId}-{Interlocked.Increment(ref _topics)}");

    /// <summary>Kills a node as a crash would (SIGKILL).</summary>
    /// <param name="node">From 1 on.</param>
    public Task KillAsync(int node) => RunAsync("", "kill", _directory, node.ToString(CultureInfo.InvariantCulture));

    /// <summary>Starts a killed node again on its old data, and returns when it takes connections.</summary>
    /// <param name="node">From 1 on.</param>
    public async Task RestartAsync(int node)
    {
        await RunAsync("", "restart", _directory, node.ToString(CultureInfo.InvariantCulture));
        await Eventually.HoldsAsync(() => IsListeningAsync(PortOf(node)), () => $"Node {node}, which last said {LastWords(node)}, takes connections: this", StartTime);
    }

    /// <summary>Kills all nodes and deletes their data.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await KillNodesAsync(_directory);
        Directory.Delete(_directory, recursive: true);
        _ports.Dispose();
    }

    /// <summary>Kills the nodes of a cluster, also one of another test process. A process id that was given to somebody else meanwhile is left alone.</summary>
    /// <param name="directory">The cluster's folder.</param>
    internal static async Task KillNodesAsync(string directory)
    {
        foreach (var node in Directory.GetDirectories(directory, "node*"))
        {
            var file = Path.Combine(node, "pid");
            if (File.Exists(file) && int.TryParse(await File.ReadAllTextAsync(file), CultureInfo.InvariantCulture, out var pid) && WorksIn(pid, node))
            {
                End(pid);
                await Eventually.HoldsAsync(() => !WorksIn(pid, node), $"Process {pid} has ended");
            }
        }
    }

    private string LastWords(int node)
    {
        var log = Path.Combine(_directory, $"node{node}", "server.log");
        return File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(20)) : "nothing";
    }

    private static void End(int pid)
    {
        try
        {
            using var node = Process.GetProcessById(pid);
            node.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended meanwhile.
            return;
        }
    }

    private static bool WorksIn(int pid, string folder)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{pid}/cwd", returnFinalTarget: false)?.FullName == folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static async Task<bool> IsListeningAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private int PortOf(int node) => _ports.First + (2 * (node - 1));

    private async Task RunAsync(string settings, params string[] arguments)
    {
        var home = Home ?? throw new InvalidOperationException($"{Variable} names no Kafka.");
        var start = new ProcessStartInfo(Path.Combine(home, "kafka"), arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KAFKA_HEAP"] = "384m";
        start.Environment["KAFKA_NODE_OPTS"] = ShortTimes + settings;
        using var script = Process.Start(start)!;
        var said = await Task.WhenAll(script.StandardOutput.ReadToEndAsync(), script.StandardError.ReadToEndAsync());
        await script.WaitForExitAsync();
        if (script.ExitCode != 0)
        {
            throw new InvalidOperationException($"kafka {string.Join(' ', arguments)} of {_nodes} nodes ended with {script.ExitCode}: {string.Concat(said)}");
        }
    }
}

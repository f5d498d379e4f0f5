using System.Diagnostics;
using System.Globalization;

namespace Bxb.Testing;

/// <summary>
/// Real Kafka brokers for tests, from the folder that <see cref="Variable"/> names: it holds a script <c>kafka</c> that starts, kills,
/// restarts and stops the nodes of a cluster. Data and nodes are gone with the test process. Thread-safe.
/// </summary>
public sealed class TestKafka : IAsyncDisposable
{
    /// <summary>Names the folder of a Kafka to start; tests that need a real broker are skipped without it.</summary>
    public const string Variable = "BXB_KAFKA_HOME";

    /// <summary>Names bootstrap servers to use where one shared broker is enough. It is not started, killed or emptied. Only without <see cref="Variable"/>.</summary>
    public const string ServersVariable = "BXB_TEST_KAFKA";

    /// <summary>What Kafka does by minutes otherwise: a dead consumer's partitions and a dead producer's transaction are given up sooner, when a client asks for it.</summary>
    private const string ShortTimes = "group.min.session.timeout.ms=1000\ntransaction.abort.timed.out.transaction.cleanup.interval.ms=500\n";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
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

    /// <summary>The bootstrap servers that <see cref="ServersVariable"/> names; null when there are none.</summary>
    public static string? Servers => Environment.GetEnvironmentVariable(ServersVariable) is { Length: > 0 } servers ? servers : null;

    /// <summary>Whether tests that share one broker run on Kafka itself.</summary>
    public static bool IsReal => Home is not null || Servers is not null;

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
            await cluster.StartAsync(settings);
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

    /// <summary>Kills a node as a crash would (SIGKILL), and returns when it is gone.</summary>
    /// <param name="node">From 1 on.</param>
    public Task KillAsync(int node) => KafkaNode.KillAsync(FolderOf(node));

    /// <summary>Starts a killed node again on its old data, and returns when it takes connections.</summary>
    /// <param name="node">From 1 on.</param>
    /// <exception cref="InvalidOperationException">It has ended, or took none in five minutes; the message ends with its log.</exception>
    public async Task RestartAsync(int node)
    {
        await RunAsync("", "restart", _directory, node.ToString(CultureInfo.InvariantCulture));
        await TakesConnectionsAsync(node);
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
            await KafkaNode.KillAsync(node);
        }
    }

    private int PortOf(int node) => _ports.First + (2 * (node - 1));

    private string FolderOf(int node) => Path.Combine(_directory, $"node{node}");

    private string LogOf(int node) => Path.Combine(FolderOf(node), "server.log");

    private async Task StartAsync(string settings)
    {
        try
        {
            await RunAsync(settings, "start", _directory, _nodes.ToString(CultureInfo.InvariantCulture), _ports.First.ToString(CultureInfo.InvariantCulture));
        }
        catch (InvalidOperationException) when (File.Exists(LogOf(_nodes)))
        {
            // All were started, and the script has little patience with a busy machine. A node that has ended is found below.
        }

        for (var node = 1; node <= _nodes; node++)
        {
            await TakesConnectionsAsync(node);
        }
    }

    private async Task TakesConnectionsAsync(int node)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await KafkaNode.IsListeningAsync(PortOf(node)))
        {
            if (!await KafkaNode.RunsAsync(FolderOf(node)) || Stopwatch.GetElapsedTime(started) > Patience)
            {
                var log = await File.ReadAllLinesAsync(LogOf(node));
                throw new InvalidOperationException($"Node {node} takes no connections: {string.Join(Environment.NewLine, log.TakeLast(20))}");
            }

            await Task.Delay(Interval);
        }
    }

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

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Bxb.LoadTest.Target;

/// <summary>The Kafka that a run goes through: one broker started by this run with an empty directory of its own, or a cluster that runs already.</summary>
internal sealed class KafkaCluster : IAsyncDisposable
{
    /// <summary>The variable that names a Kafka home: a folder with the script <c>kafka</c> that starts and stops a broker.</summary>
    public const string HomeVariable = "BXB_KAFKA_HOME";

    private readonly string? _script;
    private readonly DirectoryInfo? _directory;

    private KafkaCluster(string bootstrapServers, string? script, DirectoryInfo? directory) => (BootstrapServers, _script, _directory) = (bootstrapServers, script, directory);

    /// <summary>Where it is.</summary>
    public string BootstrapServers { get; }

    /// <summary>The broker's process, to measure what it uses; null when it was not started here.</summary>
    public int? ProcessId { get; private init; }

    // It goes on after the run.
    private static KafkaCluster Running(string bootstrapServers) => new(bootstrapServers, null, null);

    /// <summary>The cluster that runs already, if servers are named; else a broker started with the home's script.</summary>
    public static async Task<KafkaCluster> ProvideAsync(string? home, string? bootstrapServers, CancellationToken cancellationToken)
        => bootstrapServers is { } servers ? Running(servers) : await StartAsync(home!, cancellationToken);

    /// <summary>Starts a broker with the home's script: <c>kafka start DIR 1 PORT</c>. Returns when it takes connections.</summary>
    /// <exception cref="LoadException">The home is none, or the broker does not start.</exception>
    private static async Task<KafkaCluster> StartAsync(string home, CancellationToken cancellationToken)
    {
        var script = Path.GetFullPath(Path.Combine(home, "kafka"));
        if (!File.Exists(script))
        {
            throw new LoadException($"{script} is not there: a Kafka home has a script of that name.");
        }

        var directory = Directory.CreateTempSubdirectory("bxb-kafka-");
        try
        {
            var port = FreePortPair().ToString(CultureInfo.InvariantCulture);
            var said = await RunAsync(script, ["start", directory.FullName, "1", port], cancellationToken);
            var servers = said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
            var process = await File.ReadAllTextAsync(Path.Combine(directory.FullName, "node1", "pid"), cancellationToken);
            return new KafkaCluster(servers ?? throw new LoadException($"{script} did not say where the broker is."), script, directory)
            {
                ProcessId = int.Parse(process, CultureInfo.InvariantCulture),
            };
        }
        catch
        {
            await StopAsync(script, directory);
            throw;
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_script is not null && _directory is not null)
        {
            await StopAsync(_script, _directory);
        }
    }

    private static async Task StopAsync(string script, DirectoryInfo directory)
    {
        if (Directory.EnumerateDirectories(directory.FullName).Any())
        {
            await RunAsync(script, ["stop", directory.FullName], CancellationToken.None);
        }

        directory.Delete(recursive: true);
    }

    private static async Task<string> RunAsync(string script, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(script, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return process.ExitCode == 0 ? await said : throw new LoadException($"{script} {arguments[0]} ended with {process.ExitCode}: {(await errors).Trim()}");
    }

    /// <summary>The broker listens on a port, its controller on the next.</summary>
    private static int FreePortPair()
    {
        while (true)
        {
            using var first = new TcpListener(IPAddress.Loopback, 0);
            first.Start();
            var port = ((IPEndPoint)first.LocalEndpoint).Port;
            using var second = new TcpListener(IPAddress.Loopback, Math.Min(port + 1, ushort.MaxValue));
            try
            {
                second.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has the next one: another pair.
            }
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using Bxb.LoadTest;
using Bxb.LoadTest.Target;
using Microsoft.Extensions.Hosting;

namespace Bxb.KafkaBench;

/// <summary>A host with nothing but the relay, in a process of its own that can be killed or suspended. It ends when the one that started it does.</summary>
internal sealed class RelayProcess : IAsyncDisposable
{
    private const string Started = "started";
    private const int StopSignal = 19;
    private readonly Process _process;

    private RelayProcess(Process process) => _process = process;

    /// <summary>The process's id: what the relay's name as an owner ends with.</summary>
    public int Id => _process.Id;

    /// <summary>Starts one; it has begun to wait for its turn when this returns, or to relay.</summary>
    /// <exception cref="LoadException">It ended at once.</exception>
    public static async Task<RelayProcess> StartAsync(string postgres, BenchTopic topic, CancellationToken cancellationToken)
    {
        string[] arguments = [typeof(RelayProcess).Assembly.Location, "carry", "--postgres", postgres, "--bootstrap-servers", topic.BootstrapServers, "--topic", topic.Name, "--partitions", topic.Partitions.ToString(CultureInfo.InvariantCulture)];
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        var relay = new RelayProcess(Process.Start(start)!);
        var line = await relay._process.StandardOutput.ReadLineAsync(cancellationToken);
        return line == Started ? relay : throw new LoadException($"The relay's process ended at once: {line}");
    }

    /// <summary>What the process does: relays, or waits for its turn, until its input ends.</summary>
    public static async Task ServeAsync(string postgres, BenchTopic topic, CancellationToken cancellationToken)
    {
        using var host = await BenchHost.BuildAsync(postgres, topic, withRelay: true, _ => { });
        await host.StartAsync(cancellationToken);
        Console.WriteLine(Started);
        await Console.In.ReadToEndAsync(cancellationToken);
        await host.StopAsync(cancellationToken);
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGSTOP: nothing of it runs any more, and nobody is told.</summary>
    public void Suspend() => _ = ChildProcess.Signal(_process.Id, StopSignal);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}

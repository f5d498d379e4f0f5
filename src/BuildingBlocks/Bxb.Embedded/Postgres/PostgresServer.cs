using System.Diagnostics;
using Bxb.Embedded.Processes;
using Microsoft.Extensions.Logging;

namespace Bxb.Embedded.Postgres;

/// <summary>Starts and ends the server process of one cluster; <see cref="ProcessSupervisor"/> decides when.</summary>
internal sealed class PostgresServer(EmbeddedPostgresOptions options, ClusterHome home, int port, ILogger logger)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    /// <summary>Starts the server and returns when it takes connections. Ends leftovers first.</summary>
    public async Task<Process> StartAsync(CancellationToken ct)
    {
        var ended = await LeftoverServer.EndAsync(home.Cluster, ct);
        if (ended.Count > 0)
        {
            PostgresLog.LeftoverEnded(logger, string.Join(", ", ended), home.Cluster);
        }

        var process = await ProcessStarter.StartAsync(PostgresProgram.Server(home, PostgresSettings.Arguments(options, port)));
        process.StandardInput.Close();
        var output = new EngineOutput(line => PostgresLog.ServerSaid(logger, LevelOf(line), line));
        var reading = Task.WhenAll(output.ReadAsync(process.StandardError), output.ReadAsync(process.StandardOutput));
        try
        {
            await WaitUntilReadyAsync(process, output, reading, ct);
            return process;
        }
        catch
        {
            await StopAsync(process);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Fast stop (transactions are rolled back, a checkpoint is written); after the time-out an immediate one. Returns when no process of the cluster is left.</summary>
    public async Task StopAsync(Process process)
    {
        await RunningProcesses.StopAsync(process, Libc.SigInt, Libc.SigQuit, options.StopTimeout, seconds => PostgresLog.StopTakesLong(logger, seconds));
        await LeftoverServer.EndAsync(home.Cluster, CancellationToken.None);
    }

    private async Task WaitUntilReadyAsync(Process process, EngineOutput output, Task reading, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        while (await PidFile.ReadAsync(home.Cluster, ct) is not { IsReady: true } file || file.ProcessId != process.Id)
        {
            if (process.HasExited)
            {
                await reading;
                throw new EmbeddedEngineException($"PostgreSQL ended at its start {ProcessEnd.Describe(process)}. {output.LastWords}");
            }

            if (Stopwatch.GetElapsedTime(started) > options.StartTimeout)
            {
                throw new EmbeddedEngineException($"PostgreSQL did not take connections within {options.StartTimeout}. {output.LastWords}");
            }

            await Task.Delay(PollInterval, ct);
        }
    }

    private static LogLevel LevelOf(string line) =>
        line.StartsWith("PANIC", StringComparison.Ordinal) ? LogLevel.Critical
        : line.StartsWith("WARNING", StringComparison.Ordinal) ? LogLevel.Warning
        : LogLevel.Debug;
}

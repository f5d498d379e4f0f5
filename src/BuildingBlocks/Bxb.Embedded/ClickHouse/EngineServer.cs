using System.Diagnostics;
using Bxb.Embedded.Processes;
using Microsoft.Extensions.Logging;

namespace Bxb.Embedded.ClickHouse;

/// <summary>Starts, probes and ends the engine process; <see cref="ProcessSupervisor"/> decides when.</summary>
internal sealed partial class EngineServer(EmbeddedClickHouseOptions options, EngineHome home, string library, int port, HttpClient http, ILogger logger)
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Starts the process and returns when it reports ready. Ends leftovers first, because the engine locks its folder.</summary>
    public async Task<Process> StartAsync(CancellationToken ct)
    {
        var ended = await home.EndLeftoversAsync(ct);
        if (ended.Count > 0)
        {
            LogLeftoverEnded(string.Join(", ", ended), home.Data);
        }

        var process = await ProcessStarter.StartAsync(EngineProgram.StartInfo(options, home, library, port));
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var output = new EngineOutput(line => _ = line.StartsWith("ready ", StringComparison.Ordinal) && ready.TrySetResult());
        // The output of a failed start becomes part of its exception.
        var errors = new EngineOutput(line => LogEngineSaid(ready.Task.IsCompleted ? LogLevel.Warning : LogLevel.Debug, line));
        var reading = Task.WhenAll(output.ReadAsync(process.StandardOutput), errors.ReadAsync(process.StandardError));
        try
        {
            await Task.WhenAny(ready.Task, reading).WaitAsync(options.StartTimeout, ct);
            if (!ready.Task.IsCompleted)
            {
                await process.WaitForExitAsync(ct).WaitAsync(options.StartTimeout, ct);
                throw new EmbeddedEngineException($"The ClickHouse engine ended at its start {ProcessEnd.Describe(process)}. {errors.LastWords}");
            }

            await CreateDatabaseAsync(ct);
            return process;
        }
        catch (Exception e)
        {
            await StopAsync(process);
            process.Dispose();
            throw e is TimeoutException
                ? new EmbeddedEngineException($"The ClickHouse engine was not ready within {options.StartTimeout}. {errors.LastWords}", e)
                : e;
        }
    }

    /// <summary>Whether the engine process answers within five seconds.</summary>
    public async Task<bool> ProbeAsync(CancellationToken ct)
    {
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
            timeout.CancelAfter(ProbeTimeout);
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/ping"), timeout.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Requests the end of the process, kills it after the time-out, and returns when it is gone.</summary>
    public async Task StopAsync(Process process)
    {
        await RunningProcesses.StopAsync(process, Libc.SigTerm, Libc.SigKill, options.StopTimeout, LogStopTakesLong);
        await home.EndLeftoversAsync(CancellationToken.None);
    }

    private async Task CreateDatabaseAsync(CancellationToken ct)
    {
        using var create = new StringContent($"CREATE DATABASE IF NOT EXISTS {EmbeddedClickHouse.DatabaseName}");
        using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{port}/"), create, ct);
        if (!answer.IsSuccessStatusCode)
        {
            throw new EmbeddedEngineException($"The ClickHouse engine could not create its database: {(await answer.Content.ReadAsStringAsync(ct)).Trim().ReplaceLineEndings(" ")}");
        }
    }

    [LoggerMessage(EventId = 4020, Level = LogLevel.Warning, Message = "Ended ClickHouse engine {ProcessIds}, which an earlier host had left running on {Folder}")]
    private partial void LogLeftoverEnded(string processIds, string folder);

    [LoggerMessage(EventId = 4021, Level = LogLevel.Warning, Message = "The ClickHouse engine did not stop within {Seconds} s and is killed")]
    private partial void LogStopTakesLong(double seconds);

    [LoggerMessage(EventId = 4022, Message = "ClickHouse engine: {Line}")]
    private partial void LogEngineSaid(LogLevel level, string line);
}

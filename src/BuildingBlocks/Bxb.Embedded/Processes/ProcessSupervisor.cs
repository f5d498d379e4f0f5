using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Bxb.Embedded.Processes;

/// <summary>What a supervisor does with its child; the three steps differ per engine, the watch is the same.</summary>
/// <param name="Name">The engine in log lines.</param>
/// <param name="StartAsync">Starts a process and returns it once it answers. When it throws, nothing of that attempt runs any more.</param>
/// <param name="StopAsync">Ends a process and returns when it is gone; called with ended ones too.</param>
/// <param name="ProbeAsync">Whether the process answers; null when its end is the only sign of trouble. It takes a bounded time.</param>
internal sealed record SupervisedEngine(
    string Name,
    Func<CancellationToken, Task<Process>> StartAsync,
    Func<Process, Task> StopAsync,
    Func<CancellationToken, Task<bool>>? ProbeAsync = null);

/// <summary>
/// Keeps one child process running: when it ends, or no longer answers three probes in a row, another is started after a pause that
/// doubles from 100 ms to 10 s and is short again after a minute of quiet. It owns the child until <see cref="DisposeAsync"/>.
/// </summary>
internal sealed partial class ProcessSupervisor(SupervisedEngine engine, ILogger logger) : IAsyncDisposable
{
    private const int FailedProbesForRestart = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan QuietTime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private Task _watch = Task.CompletedTask;
    private Process? _process;
    private int _restarts;
    private int _failures;
    private string? _lastFailure;
    private int _disposed;

    /// <summary>How often the child was started again.</summary>
    public int Restarts => Volatile.Read(ref _restarts);

    /// <summary>Id of the child that runs now; null while none does.</summary>
    public int? ProcessId => Volatile.Read(ref _process) is { } process && !HasExited(process) ? process.Id : null;

    /// <summary>Starts the child for the first time. Afterwards it is watched; a first start that fails throws and is not repeated.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        var process = await engine.StartAsync(ct);
        Volatile.Write(ref _process, process);
        LogStarted(engine.Name, process.Id);
        _watch = WatchAsync();
    }

    /// <summary>As <see cref="StartAsync"/>, but a first start that fails is repeated in the background.</summary>
    public async Task StartRetryingAsync(CancellationToken ct)
    {
        try
        {
            await StartAsync(ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            Failed(e);
            _watch = WatchAsync();
        }
    }

    /// <summary>Ends the watch, then the child, and returns when both are gone.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _watch;
        if (_process is { } process)
        {
            await engine.StopAsync(process);
            LogStopped(engine.Name, process.Id);
            process.Dispose();
        }

        _stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        var pause = FirstPause;
        while (!_stopping.IsCancellationRequested)
        {
            if (_process is { } process)
            {
                var watchedSince = Stopwatch.GetTimestamp();
                var ended = await WaitForTroubleAsync(process);
                if (_stopping.IsCancellationRequested)
                {
                    return;
                }

                pause = Stopwatch.GetElapsedTime(watchedSince) > QuietTime ? FirstPause : pause;
                LogTrouble(engine.Name, process.Id, ended ? $"has ended {ProcessEnd.Describe(process)}" : "no longer answers", pause.TotalMilliseconds);
                await engine.StopAsync(process);
                Volatile.Write(ref _process, null);
                process.Dispose();
            }

            await TryRestartAsync(pause);
            pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
        }
    }

    private async Task TryRestartAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _stopping.Token);
            var process = await engine.StartAsync(_stopping.Token);
            Volatile.Write(ref _process, process);
            Interlocked.Increment(ref _restarts);
            LogRestarted(engine.Name, process.Id, _failures);
            (_failures, _lastFailure) = (0, null);
        }
        catch (Exception e)
        {
            if (!_stopping.IsCancellationRequested)
            {
                Failed(e);
            }
        }
    }

    /// <summary>Logs a failed start unless it failed as the one before did: a cause that lasts costs one line, and the next success says how often it was tried.</summary>
    private void Failed(Exception e)
    {
        _failures++;
        if (e.Message != _lastFailure)
        {
            _lastFailure = e.Message;
            LogStartFailed(engine.Name, LongestPause.TotalSeconds, e.Message);
        }
    }

    /// <summary>Returns true when the process has ended, false when it stopped answering; either on stop.</summary>
    private async Task<bool> WaitForTroubleAsync(Process process)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => ended.TrySetResult();
        if (HasExited(process))
        {
            return true;
        }

        await using var stop = _stopping.Token.Register(() => ended.TrySetResult());
        if (engine.ProbeAsync is null)
        {
            await ended.Task;
            return true;
        }

        for (var failed = 0; failed < FailedProbesForRestart;)
        {
            if (await Task.WhenAny(ended.Task, Task.Delay(ProbeInterval, _stopping.Token)) == ended.Task)
            {
                return true;
            }

            failed = await engine.ProbeAsync(_stopping.Token) ? 0 : failed + 1;
        }

        return false;
    }

    private static bool HasExited(Process process)
    {
        try
        {
            return process.HasExited;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    [LoggerMessage(EventId = 4000, Level = LogLevel.Information, Message = "Embedded {Engine} runs as process {ProcessId}")]
    private partial void LogStarted(string engine, int processId);

    [LoggerMessage(EventId = 4001, Level = LogLevel.Information, Message = "Embedded {Engine} has stopped (process {ProcessId})")]
    private partial void LogStopped(string engine, int processId);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Warning, Message = "Embedded {Engine} (process {ProcessId}) {Trouble}; starting it again in {Pause} ms")]
    private partial void LogTrouble(string engine, int processId, string trouble, double pause);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Information, Message = "Embedded {Engine} runs again as process {ProcessId}, after {Failures} failed starts")]
    private partial void LogRestarted(string engine, int processId, int failures);

    [LoggerMessage(EventId = 4004, Level = LogLevel.Error, Message = "Embedded {Engine} cannot start and is tried again with pauses of up to {Seconds} s: {Reason}")]
    private partial void LogStartFailed(string engine, double seconds, string reason);
}

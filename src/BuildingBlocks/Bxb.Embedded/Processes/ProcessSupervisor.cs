using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Bxb.Embedded.Processes;

/// <summary>The operations of one engine for <see cref="ProcessSupervisor"/>.</summary>
/// <param name="Name">The engine in log lines.</param>
/// <param name="StartAsync">Starts a process and returns it once it answers. Leaves no process when it throws.</param>
/// <param name="StopAsync">Ends a process and returns when it is gone. Also called for ended processes.</param>
/// <param name="ProbeAsync">Whether the process answers, in bounded time; null to watch only for its end.</param>
internal sealed record SupervisedEngine(
    string Name,
    Func<CancellationToken, Task<Process>> StartAsync,
    Func<Process, Task> StopAsync,
    Func<CancellationToken, Task<bool>>? ProbeAsync = null);

/// <summary>
/// Keeps one child process running. When it ends, or misses three probes in a row, it is started again after a pause. The pause doubles from 100 ms to 10 s, and is short again after a minute
/// without trouble. Owns the child until <see cref="DisposeAsync"/>.
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

    /// <summary>Number of restarts.</summary>
    public int Restarts => Volatile.Read(ref _restarts);

    /// <summary>Id of the running child; null while none runs.</summary>
    public int? ProcessId => Volatile.Read(ref _process) is { } process && !HasExited(process) ? process.Id : null;

    /// <summary>Starts the child and the watch. Throws when the first start fails.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        var process = await engine.StartAsync(ct);
        Volatile.Write(ref _process, process);
        LogStarted(engine.Name, process.Id);
        _watch = WatchAsync();
    }

    /// <summary>As <see cref="StartAsync"/>, but a failed first start is repeated in the background.</summary>
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

    /// <summary>Logs a failed start, unless it failed like the previous one. The next success logs the number of failures.</summary>
    private void Failed(Exception e)
    {
        _failures++;
        if (e.Message != _lastFailure)
        {
            _lastFailure = e.Message;
            LogStartFailed(engine.Name, LongestPause.TotalSeconds, e.Message);
        }
    }

    /// <summary>Waits until the process ends (true) or stops answering (false). Returns either value when the supervisor stops.</summary>
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

    [LoggerMessage(EventId = 4002, Level = LogLevel.Warning, Message = "Embedded {Engine} (process {ProcessId}) {Trouble}; restart in {Pause} ms")]
    private partial void LogTrouble(string engine, int processId, string trouble, double pause);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Information, Message = "Embedded {Engine} runs again as process {ProcessId}, after {Failures} failed starts")]
    private partial void LogRestarted(string engine, int processId, int failures);

    [LoggerMessage(EventId = 4004, Level = LogLevel.Error, Message = "Embedded {Engine} cannot start; the start is repeated with pauses of up to {Seconds} s: {Reason}")]
    private partial void LogStartFailed(string engine, double seconds, string reason);
}

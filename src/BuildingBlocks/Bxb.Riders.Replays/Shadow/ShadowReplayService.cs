using System.Runtime.ExceptionServices;
using Bxb.EventLog;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Retries;
using Bxb.Riders.Failures;
using Bxb.Riders.Leases;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Replays.Shadow;

/// <summary>Runs the replays into a copy of the groups that are registered on this host. One host at a time runs a group's replay, by an advisory lease; another takes over when it is gone.</summary>
/// <remarks>
/// Polls for replays every <see cref="PollInterval"/>, and at once when this host received a request. Transient failures are retried with back-off while the replay is wanted; others end it, and
/// the copy is dropped.
/// </remarks>
internal sealed partial class ShadowReplayService(
    ShadowReplayFactory attempts, ShadowTable table, ReplayTable replays, IEnumerable<EventConsumerRegistration> registrations, LeaseStore leases, IOptions<RidersOptions> options,
    TimeProvider time, ILogger<ShadowReplayService> logger) : BackgroundService
{
    /// <summary>The longest time until this host sees a request that another host received.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));

    private readonly Dictionary<string, EventConsumerRegistration> _registrations = registrations.DistinctBy(r => r.Group).ToDictionary(r => r.Group, StringComparer.Ordinal);
    private readonly Dictionary<long, ReplayTask> _tasks = [];
    private readonly WakeSignal _wake = new(time);

    /// <summary>Makes the service poll at once.</summary>
    public void Wake() => _wake.Raise();

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await PollAsync(stoppingToken);
                await _wake.WaitAsync(PollInterval, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped(logger);
        }

        foreach (var task in _tasks.Values)
        {
            await task.StopAsync();
        }
    }

    /// <summary>Starts tasks for new replays, interrupts those that are to end, and removes those that have ended.</summary>
    private async Task PollAsync(CancellationToken stoppingToken)
    {
        IReadOnlyList<ReplayStatus> running;
        try
        {
            running = await replays.ListAsync(group: null, running: true, stoppingToken);
        }
        catch (Exception exception) when (EventLogErrors.Find(exception) is not null)
        {
            LogPollFailed(logger, FaultText.Line(exception));
            return;
        }

        foreach (var over in _tasks.Where(w => w.Value.IsOver || running.All(r => r.Id != w.Key)).Select(w => w.Key).ToList())
        {
            _tasks.Remove(over, out var task);
            await task!.StopAsync();
        }

        foreach (var replay in running.Where(r => r.Target == ReplayTarget.Shadow && _registrations.ContainsKey(r.Group)))
        {
            if (!_tasks.TryGetValue(replay.Id, out var task))
            {
                _tasks[replay.Id] = ReplayTask.Start((stop, ending) => RunAsync(replay, stop, ending), stoppingToken);
            }
            else if (replay.IsEnding)
            {
                await task.InterruptAsync();
            }
        }
    }

    /// <summary>Makes attempts at a replay until it has ended, on this host or another.</summary>
    private Task RunAsync(ReplayStatus replay, CancellationToken stop, CancellationToken ending) => new RetryLoop(Pauses, time).RunAsync(
        async cancellationToken =>
        {
            // No group can have this name.
            await using var lease = await AdvisoryLease.AcquireAsync(leases, "shadow:" + replay.Group, options.Value, static () => { }, time, logger, cancellationToken);
            using var held = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
            return await AttemptAsync(replay.Id, held.Token, ending);
        },
        (exception, failures) =>
        {
            LogInterrupted(logger, replay.Id, replay.Group, failures, FaultText.Line(exception));
            return Task.CompletedTask;
        },
        stop);

    /// <summary>Makes one attempt while the lease is held.</summary>
    /// <returns>False when nothing is left to do.</returns>
    private async Task<bool> AttemptAsync(long id, CancellationToken held, CancellationToken ending)
    {
        if (await table.TakeAsync(id, held) is not { } attempt)
        {
            return false;
        }

        var group = _registrations[attempt.Group].Options;
        if (attempts.Create(attempt, group) is not { } replay)
        {
            await table.FailAsync(attempt, "The store of this group cannot be copied.", held);
            await table.EndAsync(attempt, held);
            return false;
        }

        if (attempt.IsEnding)
        {
            await replay.EndAsync(held);
            return false;
        }

        // A swap cannot be cancelled: half a swap would leave neither store complete.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(held, attempt.State == ReplayState.Swapping ? CancellationToken.None : ending);
        try
        {
            await replay.RunAsync(either.Token);
            return false;
        }
        catch (Exception exception) when (!held.IsCancellationRequested)
        {
            // After an interruption, the next attempt finds the requested end in the table.
            if (exception is not OwnershipLostException && !ending.IsCancellationRequested)
            {
                await StoreFailureAsync(attempt, exception, group, held);
            }

            return true;
        }
    }

    /// <summary>Stores a failure; throws it again if it is transient, so that it is retried after a pause.</summary>
    private async Task StoreFailureAsync(ShadowAttempt attempt, Exception exception, EventConsumerOptions group, CancellationToken cancellationToken)
    {
        var line = exception is ShadowDiffersException ? exception.Message : FaultText.Line(exception);
        if (group.IsTransient(exception) || TransientFaults.IsTransient(exception))
        {
            await table.StoreErrorAsync(attempt, line, cancellationToken);
            ExceptionDispatchInfo.Throw(exception);
        }

        LogFailed(logger, attempt.Id, attempt.Group, line);
        await table.FailAsync(attempt, line, cancellationToken);
    }

    /// <summary>The task of a replay that this host runs, or waits to run. Owned by the service.</summary>
    private sealed class ReplayTask
    {
        private readonly CancellationTokenSource _stop;
        private readonly CancellationTokenSource _ending = new();
        private readonly Task _task;

        private ReplayTask(Func<CancellationToken, CancellationToken, Task> run, CancellationToken stop)
        {
            _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
            _task = Task.Run(() => run(_stop.Token, _ending.Token), CancellationToken.None);
        }

        public bool IsOver => _task.IsCompleted;

        public static ReplayTask Start(Func<CancellationToken, CancellationToken, Task> run, CancellationToken stop) => new(run, stop);

        /// <summary>Interrupts the current attempt: the replay is to end.</summary>
        public Task InterruptAsync() => _ending.CancelAsync();

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
            _ending.Dispose();
        }
    }

    [LoggerMessage(2073, LogLevel.Warning, "Replay {Replay} of consumer group {Group} is interrupted, consecutive failure {Failures}; it retries: {Reason}")]
    private static partial void LogInterrupted(ILogger logger, long replay, string group, int failures, string reason);

    [LoggerMessage(2074, LogLevel.Error, "Replay {Replay} of consumer group {Group} has failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, long replay, string group, string reason);

    [LoggerMessage(2075, LogLevel.Warning, "Replays could not be read; retrying: {Reason}")]
    private static partial void LogPollFailed(ILogger logger, string reason);

    [LoggerMessage(2076, LogLevel.Debug, "Replays into copies are no longer run.")]
    private static partial void LogStopped(ILogger logger);
}

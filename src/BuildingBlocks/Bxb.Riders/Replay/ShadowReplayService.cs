using System.Data.Common;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Retries;
using Bxb.Riders.Failures;
using Bxb.Riders.Leases;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Replay;

/// <summary>Works the replays into a copy whose groups are registered on this host: one host at a time for a group, by an advisory lock; taken over when that one is gone.</summary>
/// <remarks>
/// Looks for replays every <see cref="Interval"/>, and at once when this host was asked. Failures that will pass are tried again with back-off for as long as the replay is wanted; others end it,
/// with the copy dropped.
/// </remarks>
internal sealed partial class ShadowReplayService(
    ShadowServices services, ReplayTable replays, IEnumerable<EventConsumerRegistration> registrations, TimeProvider time, ILogger<ShadowReplayService> logger) : BackgroundService
{
    /// <summary>How late at most this host sees what another one was told.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private static readonly Backoff Again = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));

    private readonly Dictionary<string, EventConsumerRegistration> _registrations = registrations.DistinctBy(r => r.Group).ToDictionary(r => r.Group, StringComparer.Ordinal);
    private readonly Dictionary<long, Work> _work = [];
    private readonly WakeSignal _wake = new(time);

    /// <summary>Has it look at once.</summary>
    public void Wake() => _wake.Raise();

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await LookAsync(stoppingToken);
                await _wake.WaitAsync(Interval, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Stopped(logger);
        }

        foreach (var work in _work.Values)
        {
            await work.EndAsync();
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        IReadOnlyList<ReplayStatus> running;
        try
        {
            running = await replays.ListAsync(group: null, running: true, stoppingToken);
        }
        catch (DbException exception)
        {
            NotSeen(logger, FaultText.Line(exception));
            return;
        }

        foreach (var over in _work.Where(w => w.Value.IsOver || running.All(r => r.Id != w.Key)).Select(w => w.Key).ToList())
        {
            _work.Remove(over, out var work);
            await work!.EndAsync();
        }

        foreach (var replay in running.Where(r => r.Target == ReplayTarget.Shadow && _registrations.ContainsKey(r.Group)))
        {
            if (!_work.TryGetValue(replay.Id, out var work))
            {
                _work[replay.Id] = Work.Begin((stop, ending) => KeepGoingAsync(replay, stop, ending), stoppingToken);
            }
            else if (replay.IsEnding)
            {
                await work.InterruptAsync();
            }
        }
    }

    /// <summary>Works a replay until it has ended, whoever ends it.</summary>
    private async Task KeepGoingAsync(ReplayStatus replay, CancellationToken stop, CancellationToken ending)
    {
        for (var failures = 0; !stop.IsCancellationRequested;)
        {
            var started = time.GetTimestamp();
            try
            {
                // A name that no group has.
                await using var mine = await AdvisoryLease.AcquireAsync(services.Locks, "shadow:" + replay.Group, services.Options, static () => { }, time, logger, stop);
                using var held = CancellationTokenSource.CreateLinkedTokenSource(stop, mine.Lost);
                if (!await WorkAsync(replay.Id, held.Token, ending))
                {
                    return;
                }
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                failures = time.GetElapsedTime(started) > Again.Longest * 2 ? 1 : failures + 1;
                Interrupted(logger, replay.Id, replay.Group, failures, FaultText.Line(exception));
                await Task.Delay(Again.After(failures), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>One run under the lock.</summary>
    /// <returns>False when nothing is left to do.</returns>
    private async Task<bool> WorkAsync(long id, CancellationToken held, CancellationToken ending)
    {
        if (await services.Table.TakeAsync(id, held) is not { } run)
        {
            return false;
        }

        var options = _registrations[run.Group].Options;
        if (options.Shadow is null)
        {
            await services.Table.FailAsync(run, "The store of this group cannot be built a second time beside itself.", held);
            await services.Table.EndAsync(run, held);
            return false;
        }

        var replay = new ShadowReplay(services, run, options.Shadow(services.Services), options);
        if (run.Ending)
        {
            await replay.EndAsync(held);
            return false;
        }

        // From the swap on it is too late to end it, and half a swap helps nobody.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(held, run.State == ReplayState.Swapping ? CancellationToken.None : ending);
        try
        {
            await replay.RunAsync(either.Token);
            return false;
        }
        catch (OwnershipLostException) when (!held.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception) when (ending.IsCancellationRequested && !held.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception exception) when (!held.IsCancellationRequested)
        {
            var line = exception is ShadowDiffersException ? exception.Message : FaultText.Line(exception);
            if (options.IsTransient(exception) || TransientFaults.IsTransient(exception))
            {
                await services.Table.TroubleAsync(run, line, held);
                throw;
            }

            Failed(logger, run.Id, run.Group, line);
            await services.Table.FailAsync(run, line, held);
            return true;
        }
    }

    /// <summary>A replay that this host works on, or waits to. Owned by the service's loop.</summary>
    private sealed class Work
    {
        private readonly CancellationTokenSource _stop;
        private readonly CancellationTokenSource _ending = new();
        private readonly Task _task;

        private Work(Func<CancellationToken, CancellationToken, Task> work, CancellationToken stop)
        {
            _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
            _task = Task.Run(() => work(_stop.Token, _ending.Token), CancellationToken.None);
        }

        public bool IsOver => _task.IsCompleted;

        public static Work Begin(Func<CancellationToken, CancellationToken, Task> work, CancellationToken stop) => new(work, stop);

        public Task InterruptAsync() => _ending.CancelAsync();

        public async Task EndAsync()
        {
            await _stop.CancelAsync();
            await _task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
            _ending.Dispose();
        }
    }

    [LoggerMessage(2073, LogLevel.Warning, "Replay {Replay} of consumer group {Group} is interrupted, failure {Failures} in a row; it goes on by itself: {Reason}")]
    private static partial void Interrupted(ILogger logger, long replay, string group, int failures, string reason);

    [LoggerMessage(2074, LogLevel.Error, "Replay {Replay} of consumer group {Group} has failed: {Reason}")]
    private static partial void Failed(ILogger logger, long replay, string group, string reason);

    [LoggerMessage(2075, LogLevel.Warning, "Replays cannot be looked for; trying again: {Reason}")]
    private static partial void NotSeen(ILogger logger, string reason);

    [LoggerMessage(2076, LogLevel.Debug, "No more replays into copies are worked on.")]
    private static partial void Stopped(ILogger logger);
}

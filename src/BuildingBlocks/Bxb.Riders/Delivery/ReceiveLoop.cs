using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using Bxb.EventLog.Retries;
using Bxb.Riders.Failures;
using Bxb.Riders.Pipeline;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;
using MassTransit;
using MassTransit.Transports;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Keeps one consumer group going on this host, whatever the transport: claims partitions, has them worked, backs off when that fails, and stops in order.</summary>
/// <remarks>
/// Owns one task per partition that the group can have, from construction until <see cref="Stop"/>. Ready at once: whether PostgreSQL or the transport answers shows in the endpoint's
/// health. Stop: nothing new is begun; the batch in hand may finish and is committed; when its time is up the consumer is cancelled, and from then on nothing is
/// committed; the claim is given free last.
/// </remarks>
internal sealed partial class ReceiveLoop : ReceiveTransportHandle
{
    private static readonly TimeSpan ReleaseTime = TimeSpan.FromSeconds(2);
    private static readonly Backoff Reconnect = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

    private readonly CancellationTokenSource _intake = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly ReceiveEndpointContext _endpoint;
    private readonly EventConsumerRegistration _registration;
    private readonly LoopServices _services;
    private readonly GroupActivity _activity;
    private readonly EventDispatcher _dispatcher;

    // The epoch under which this loop owned a partition last: if it is the one before, the consumer that worked under it has surely ended.
    private readonly ConcurrentDictionary<int, long> _owned = new();
    private readonly Task _running;

    public ReceiveLoop(ReceiveEndpointContext endpoint, EventConsumerRegistration registration, LoopServices services)
    {
        (_endpoint, _registration, _services) = (endpoint, registration, services);
        _activity = services.Groups.Find(registration.Group)!;
        _dispatcher = new EventDispatcher(endpoint);
        _running = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <inheritdoc />
    public async Task Stop(CancellationToken cancellationToken = default)
    {
        await _intake.CancelAsync();
        await WaitForEndAsync(_endpoint.ConsumerStopTimeout ?? _services.Options.StopTimeout, cancellationToken);
        await _abort.CancelAsync();
        if (!await WaitForEndAsync(Timeout.InfiniteTimeSpan, cancellationToken))
        {
            // Throwing here would keep the bus from stopping its queues.
            Abandoned(_services.Logger, _registration.Group);
        }

        await _endpoint.TransportObservers.NotifyCompleted(_endpoint.InputAddress, _dispatcher.Metrics);
    }

    private async Task<bool> WaitForEndAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        await _running.WaitAsync(timeout, _services.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _running.IsCompleted;
    }

    private async Task RunAsync()
    {
        await _endpoint.TransportObservers.NotifyReady(_endpoint.InputAddress);
        var loops = new List<Task>();
        while (!_intake.IsCancellationRequested)
        {
            while (loops.Count < _services.Transport.Partitions)
            {
                loops.Add(KeepGoingAsync());
            }

            // Partitions that are added to a topic are taken up without a restart.
            await _services.Transport.WaitForPartitionsAsync(loops.Count, _intake.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(loops);
        await _services.Transport.LeaveAsync(_registration.Group);
    }

    /// <summary>Claims and works one partition after the other.</summary>
    private async Task KeepGoingAsync()
    {
        var failures = 0;
        while (!_intake.IsCancellationRequested)
        {
            var started = _services.Time.GetTimestamp();
            try
            {
                await WorkClaimAsync();
            }
            catch (Exception) when (_intake.IsCancellationRequested)
            {
                Stopped(_services.Logger, _registration.Group);
            }
            catch (OwnershipLostException lost)
            {
                failures = CountFailure(failures, started);
                SteppedDown(_services.Logger, _registration.Group, lost.Message);
                await PauseAsync(failures);
            }
            catch (Exception exception)
            {
                failures = CountFailure(failures, started);
                Failed(_services.Logger, _registration.Group, failures, FaultText.Line(exception));
                await _endpoint.TransportObservers.NotifyFaulted(_endpoint.InputAddress, exception);
                await PauseAsync(failures);
            }
        }
    }

    private async Task WorkClaimAsync()
    {
        await using var claim = await ClaimAsync();
        using var intake = CancellationTokenSource.CreateLinkedTokenSource(_intake.Token, claim.Ending);
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(_abort.Token, claim.Lost);
        var found = await TakeOverAsync(claim);
        TakenOver(found, claim.Partition);
        var owned = new PartitionOwnership(_registration.Group, claim.Partition, found.Epoch);
        var ownedBefore = _owned.TryGetValue(claim.Partition, out var last) && last == found.Epoch - 1;
        _owned[claim.Partition] = found.Epoch;
        await _endpoint.TransportObservers.NotifyReady(_endpoint.InputAddress);
        var partition = _activity.Partition(claim.Partition);
        partition.Held(found.Processed, mark => _services.Transport.CountLag(claim.Partition, mark), found.Epoch);
        _activity.Advance(claim.Partition, found.Processed);
        try
        {
            var duty = new PartitionSession(owned, claim, _registration.Options, _activity, partition, _dispatcher.DispatchAsync, _services, _intake.Token, intake.Token, abort.Token);
            await new PartitionWorker(duty, found, ownedBefore).RunAsync();
        }
        catch (OperationCanceledException) when (claim.Ending.IsCancellationRequested && !claim.Lost.IsCancellationRequested && !_intake.IsCancellationRequested)
        {
            GivenUp(_services.Logger, _registration.Group, claim.Partition);
        }
        catch (OperationCanceledException) when (claim.Lost.IsCancellationRequested && !_intake.IsCancellationRequested)
        {
            throw new OwnershipLostException(_registration.Group);
        }
        finally
        {
            partition.Released();
            _activity.TakeRecheck(claim.Partition)?.TrySetResult();
            await ReleaseAsync(owned);
        }
    }

    /// <summary>Tells other hosts at once that this one reads the partition no longer. Where PostgreSQL is away they find out by the owner's silence.</summary>
    private async Task ReleaseAsync(PartitionOwnership owned)
    {
        using var limit = new CancellationTokenSource(ReleaseTime, _services.Time);
        try
        {
            await _services.Progress.ReleaseAsync(owned, limit.Token);
        }
        catch (Exception exception) when (exception is DbException or OperationCanceledException)
        {
            NotReleased(_services.Logger, owned.Group, owned.Partition, exception.Message);
        }
    }

    private async Task<IPartitionLease> ClaimAsync()
    {
        try
        {
            var claim = await _services.Transport.AcquireAsync(_registration.Group, _activity.AcquireSucceeded, _intake.Token);
            _activity.AcquireSucceeded();
            return claim;
        }
        catch (Exception exception) when (!_intake.IsCancellationRequested)
        {
            _activity.AcquireFailed(FaultText.Line(exception));
            throw;
        }
    }

    private async Task<StoredProgress> TakeOverAsync(IPartitionLease claim)
    {
        try
        {
            return await _services.TakeOver.RunAsync(_registration.Group, claim, _services.Transport.Partitions, _services.Options.Owner, FindStartAsync, _intake.Token);
        }
        catch (Exception exception) when (!_intake.IsCancellationRequested)
        {
            _activity.AcquireFailed(FaultText.Line(exception));
            throw;
        }
    }

    private async ValueTask<long> FindStartAsync(CancellationToken cancellationToken) =>
        _registration.Options.StartFrom == StartFrom.Beginning ? 0 : await _services.Settled.RefreshAsync(cancellationToken);

    /// <summary>What went well for a while was no failure in a row.</summary>
    private int CountFailure(int failures, long started) => _services.Time.GetElapsedTime(started) > Reconnect.Longest * 2 ? 1 : failures + 1;

    private Task PauseAsync(int failures)
    {
        var pause = Task.Delay(Reconnect.After(failures), _services.Time, _intake.Token);
        return pause.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void TakenOver(StoredProgress found, int partition)
    {
        if (found.IsNew)
        {
            Begun(_services.Logger, _registration.Group, partition, found.Progress.Position, _registration.Options.StartFrom);
        }
        else
        {
            Resumed(_services.Logger, _registration.Group, partition, found.Progress.Position, found.Epoch,
                found.InFlight is { } edges ? string.Create(CultureInfo.InvariantCulture, $"the batch from {edges.First} to {edges.Last} is repeated") : "no batch was in hand");
        }
    }

    [LoggerMessage(2000, LogLevel.Information, "Consumer group {Group} had no progress on partition {Partition}: it begins behind position {Position}, as StartFrom is {StartFrom}.")]
    private static partial void Begun(ILogger logger, string group, int partition, long position, StartFrom startFrom);

    [LoggerMessage(2001, LogLevel.Information, "Consumer group {Group} was taken over, partition {Partition}: progress {Position}, epoch {Epoch}, {InFlight}.")]
    private static partial void Resumed(ILogger logger, string group, int partition, long position, long epoch, string inFlight);

    [LoggerMessage(2002, LogLevel.Warning, "This host no longer reads consumer group {Group} and tries to again: {Reason}")]
    private static partial void SteppedDown(ILogger logger, string group, string reason);

    [LoggerMessage(2003, LogLevel.Warning, "Consumer group {Group} is interrupted, failure {Failures} in a row; it goes on by itself: {Reason}")]
    private static partial void Failed(ILogger logger, string group, int failures, string reason);

    [LoggerMessage(2004, LogLevel.Debug, "Consumer group {Group} ended at the stop; what it had begun will be repeated.")]
    private static partial void Stopped(ILogger logger, string group);

    [LoggerMessage(2006, LogLevel.Debug, "Consumer group {Group} gave partition {Partition} up in mid-batch; the next owner repeats it.")]
    private static partial void GivenUp(ILogger logger, string group, int partition);

    [LoggerMessage(2007, LogLevel.Debug, "Consumer group {Group} could not note that partition {Partition} is released: {Reason}")]
    private static partial void NotReleased(ILogger logger, string group, int partition, string reason);

    [LoggerMessage(2005, LogLevel.Warning, "The consumer of group {Group} does not end although it was cancelled; its batch will be repeated.")]
    private static partial void Abandoned(ILogger logger, string group);
}

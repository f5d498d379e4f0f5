using System.Collections.Concurrent;
using System.Globalization;
using Bxb.EventLog;
using Bxb.EventLog.Retries;
using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;
using MassTransit;
using MassTransit.Transports;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Reads one consumer group on this host, over either transport: acquires leases, runs a worker for each, retries after failures, and stops in order.</summary>
/// <remarks>
/// Owns one task for each partition that the group can have, from construction until <see cref="StopAsync"/>. Ready at once: whether PostgreSQL and the transport answer shows in the
/// endpoint's health. At a stop no new batch is started, and the batch in flight may finish and is stored. When its time is up, the consumer is cancelled and nothing is stored any more. The
/// leases are released last.
/// </remarks>
internal sealed partial class ReceiveLoop
{
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(2);
    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly ReceiveEndpointContext _endpoint;
    private readonly EventConsumerRegistration _registration;
    private readonly DispatchBatch _dispatch;
    private readonly GroupActivity _group;
    private readonly IEventTransport _transport;
    private readonly TakeOver _takeOver;
    private readonly ConsumerProgress _progress;
    private readonly PartitionWorkerFactory _workers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    // The last epoch in which this loop owned a partition: if it is the previous one, the consumer that worked in it has ended.
    private readonly ConcurrentDictionary<int, long> _epochs = new();
    private readonly Task _running;

    public ReceiveLoop(
        ReceiveEndpointContext endpoint, EventConsumerRegistration registration, DispatchBatch dispatch, GroupActivity group, IEventTransport transport, TakeOver takeOver,
        ConsumerProgress progress, PartitionWorkerFactory workers, TimeProvider time, ILogger logger)
    {
        (_endpoint, _registration, _dispatch, _group) = (endpoint, registration, dispatch, group);
        (_transport, _takeOver, _progress, _workers, _time, _logger) = (transport, takeOver, progress, workers, time, logger);
        _running = Task.Run(RunAsync, CancellationToken.None);
    }

    private string Group => _registration.Group;

    /// <summary>Stops in order.</summary>
    /// <param name="timeout">How long a batch in flight may take to finish.</param>
    /// <param name="cancellationToken">Ends the wait for a consumer that does not end although it was cancelled; nothing is thrown.</param>
    public async Task StopAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await WaitForEndAsync(timeout, cancellationToken);
        await _abort.CancelAsync();
        if (!await WaitForEndAsync(Timeout.InfiniteTimeSpan, cancellationToken))
        {
            // An exception here would keep the bus from stopping its queues.
            LogAbandoned(_logger, Group);
        }
    }

    private async Task<bool> WaitForEndAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        await _running.WaitAsync(timeout, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _running.IsCompleted;
    }

    private async Task RunAsync()
    {
        await _endpoint.TransportObservers.NotifyReady(_endpoint.InputAddress);
        var partitions = new List<Task>();
        while (!_stop.IsCancellationRequested)
        {
            while (partitions.Count < _transport.Partitions)
            {
                partitions.Add(new RetryLoop(Pauses, _time).RunAsync(ProcessPartitionAsync, ReportFailureAsync, _stop.Token));
            }

            // Partitions that are added to a topic are read without a restart.
            await _transport.WaitForPartitionsAsync(partitions.Count, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(partitions);
        await _transport.LeaveAsync(Group);
        LogStopped(_logger, Group);
    }

    private async Task ReportFailureAsync(Exception exception, int failures)
    {
        if (exception is OwnershipLostException)
        {
            LogOwnershipLost(_logger, Group, exception.Message);
            return;
        }

        LogFailed(_logger, Group, failures, FaultText.Line(exception));
        await _endpoint.TransportObservers.NotifyFaulted(_endpoint.InputAddress, exception);
    }

    /// <summary>Acquires a lease on a partition, takes the partition over, and processes it until the lease or the group ends.</summary>
    /// <returns>Always true: the next lease may be acquired.</returns>
    private async Task<bool> ProcessPartitionAsync(CancellationToken stop)
    {
        await using var lease = await AcquireAsync(stop);
        var found = await TakeOverAsync(lease, stop);
        using var session = new PartitionSession(new PartitionOwnership(Group, lease.Partition, found.Epoch), lease, stop, _abort.Token);
        var ownedBefore = _epochs.TryGetValue(lease.Partition, out var last) && last == found.Epoch - 1;
        _epochs[lease.Partition] = found.Epoch;
        await _endpoint.TransportObservers.NotifyReady(_endpoint.InputAddress);
        var activity = _group.Partition(lease.Partition);
        activity.Held(found.Progress, reached => _transport.CountLag(lease.Partition, reached), found.Epoch);
        _group.Advance(lease.Partition, found.Progress);
        try
        {
            await _workers.Create(session, _registration.Options, _group, _dispatch, found, ownedBefore).RunAsync();
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested && session.IsStopping)
        {
            session.ThrowIfLost();
            LogReleased(_logger, Group, lease.Partition);
        }
        finally
        {
            activity.Released();
            _group.Rechecks.Take(lease.Partition)?.TrySetResult();
            await ReleaseAsync(session.Ownership);
        }

        return true;
    }

    /// <summary>Tells other hosts at once that this one no longer reads the partition. If PostgreSQL is away, they notice after <see cref="RidersOptions.OwnerSilence"/>.</summary>
    private async Task ReleaseAsync(PartitionOwnership ownership)
    {
        using var timeout = new CancellationTokenSource(ReleaseTimeout, _time);
        try
        {
            await _progress.ReleaseAsync(ownership, timeout.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException || EventLogErrors.Find(exception) is not null)
        {
            LogNotReleased(_logger, ownership.Group, ownership.Partition, exception.Message);
        }
    }

    private async Task<IPartitionLease> AcquireAsync(CancellationToken stop)
    {
        try
        {
            var lease = await _transport.AcquireAsync(Group, _group.AcquireSucceeded, stop);
            _group.AcquireSucceeded();
            return lease;
        }
        catch (Exception exception) when (!stop.IsCancellationRequested)
        {
            _group.AcquireFailed(FaultText.Line(exception));
            throw;
        }
    }

    private async Task<StoredProgress> TakeOverAsync(IPartitionLease lease, CancellationToken stop)
    {
        try
        {
            var found = await _takeOver.RunAsync(Group, lease, _registration.Options.StartFrom, stop);
            LogTakenOver(found, lease.Partition);
            return found;
        }
        catch (Exception exception) when (!stop.IsCancellationRequested)
        {
            _group.AcquireFailed(FaultText.Line(exception));
            throw;
        }
    }

    private void LogTakenOver(StoredProgress found, int partition)
    {
        if (found.IsNew)
        {
            LogBegun(_logger, Group, partition, found.Progress.Position, _registration.Options.StartFrom);
        }
        else
        {
            LogResumed(_logger, Group, partition, found.Progress.Position, found.Epoch,
                found.InFlight is { } edges ? string.Create(CultureInfo.InvariantCulture, $"the batch from {edges.First} to {edges.Last} is repeated") : "no batch was in flight");
        }
    }

    [LoggerMessage(2000, LogLevel.Information, "Consumer group {Group} had no progress on partition {Partition}: it begins after position {Position}, because StartFrom is {StartFrom}.")]
    private static partial void LogBegun(ILogger logger, string group, int partition, long position, StartFrom startFrom);

    [LoggerMessage(2001, LogLevel.Information, "Consumer group {Group} was taken over, partition {Partition}: progress {Position}, epoch {Epoch}, {InFlight}.")]
    private static partial void LogResumed(ILogger logger, string group, int partition, long position, long epoch, string inFlight);

    [LoggerMessage(2002, LogLevel.Warning, "This host no longer reads consumer group {Group} and tries to acquire it again: {Reason}")]
    private static partial void LogOwnershipLost(ILogger logger, string group, string reason);

    [LoggerMessage(2003, LogLevel.Warning, "Consumer group {Group} is interrupted, consecutive failure {Failures}; it retries: {Reason}")]
    private static partial void LogFailed(ILogger logger, string group, int failures, string reason);

    [LoggerMessage(2004, LogLevel.Debug, "Consumer group {Group} has stopped; a batch that was not finished will be repeated.")]
    private static partial void LogStopped(ILogger logger, string group);

    [LoggerMessage(2006, LogLevel.Debug, "Consumer group {Group} released partition {Partition} during a batch; the next owner repeats it.")]
    private static partial void LogReleased(ILogger logger, string group, int partition);

    [LoggerMessage(2007, LogLevel.Debug, "Consumer group {Group} could not store that partition {Partition} is released: {Reason}")]
    private static partial void LogNotReleased(ILogger logger, string group, int partition, string reason);

    [LoggerMessage(2005, LogLevel.Warning, "The consumer of group {Group} does not end although it was cancelled; its batch will be repeated.")]
    private static partial void LogAbandoned(ILogger logger, string group);
}

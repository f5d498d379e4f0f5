using System.Data.Common;
using Bxb.EventLog.Reading;
using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Delivery;

/// <summary>Creates the worker of a partition from the services of the host and the session. Thread-safe.</summary>
internal sealed class PartitionWorkerFactory(
    IServiceProvider services, IEventTransport transport, EventLogReader log, ConsumerProgress store, DeadLetterStore deadLetters, RidersInstruments instruments,
    IOptions<RidersOptions> riders, TimeProvider time, ILogger<PartitionWorker> logger, IRedelivery? redeliveries = null)
{
    /// <summary>Creates a worker.</summary>
    /// <param name="session">The ownership.</param>
    /// <param name="options">The group's options.</param>
    /// <param name="group">The group's state on this host.</param>
    /// <param name="dispatch">The group's pipeline.</param>
    /// <param name="found">The stored state of the partition.</param>
    /// <param name="ownedBefore">Whether this host also held the previous epoch, so that no other consumer can still be at work.</param>
    public PartitionWorker Create(
        PartitionSession session, EventConsumerOptions options, GroupActivity group, DispatchBatch dispatch, StoredProgress found, bool ownedBefore)
    {
        var activity = group.Partition(session.Ownership.Partition);
        var progress = new ProgressTracker(session, found, store, group);
        var pause = new RetryPause(session, options, activity, store, time);
        var rewind = new PartitionRewind(session, progress, pause, instruments, logger);
        var redelivery = new PartitionRedelivery(session, redeliveries, progress, activity);
        var durable = new DurablePositionQuery(session, options, services, pause, activity, logger);
        var source = new PartitionSource(session, options, log, transport.Topic, logger);

        BatchDelivery CreateDelivery(Func<DbTransaction, Checkpoint, CancellationToken, Task<bool>> storeWithin, Func<Task<bool>>? mayRetry) => new(
            session, options, new ConsumerCall(session, dispatch, storeWithin), pause, deadLetters, activity, instruments, time, logger) { MayRetry = mayRetry };

        // A requeued letter can lie anywhere in the log, so the write in the consumer's transaction only checks the ownership.
        var requeued = new RequeuedDelivery(
            session, CreateDelivery((transaction, _, token) => progress.StoreWithinAsync(transaction, default, token), mayRetry: null), deadLetters, store, log, logger);
        var delivery = new PartitionDelivery(
            session, CreateDelivery((transaction, reached, token) => redelivery.Active.StoreWithinAsync(transaction, reached, token), redelivery.MayRetryAsync),
            rewind, redelivery, activity, instruments, time, logger);
        var requests = new PartitionRequests(session, group, requeued, redelivery, durable, progress, rewind, time);
        var ownerWait = ownedBefore ? TimeSpan.Zero : riders.Value.OwnershipInterval * 2;
        var resume = new PartitionResume(session, found, ownerWait, durable, source, delivery, progress, redelivery, rewind, time);
        return new PartitionWorker(session, resume, source, requests, delivery, redelivery, progress, rewind, activity);
    }
}

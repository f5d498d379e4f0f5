using Bxb.EventLog.Records;
using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Delivers records to the consumer: retries transient failures without limit, halves the batch on others, and puts the record that still fails into the dead letters.</summary>
/// <remarks>
/// Completes only when every record was processed or is a dead letter, or when the partition must rewind or end its redelivery. A stop ends a pause between attempts with
/// <see cref="OperationCanceledException"/>. Failures of PostgreSQL are not retried here: the lease is released, and the next owner repeats the batch with its stored edges.
/// </remarks>
internal sealed partial class BatchDelivery(
    PartitionSession session, EventConsumerOptions options, ConsumerCall consumer, RetryPause pause, DeadLetterStore deadLetters, PartitionActivity activity, RidersInstruments instruments,
    TimeProvider time, ILogger logger)
{
    /// <summary>Asked before a batch is retried; false ends the delivery with <see cref="DeliveryOutcome.Withdrawn"/>.</summary>
    public Func<Task<bool>>? MayRetry { get; init; }

    private string Group => session.Ownership.Group;

    /// <summary>Delivers a part of the records.</summary>
    /// <exception cref="OwnershipLostException">Another host owns the partition.</exception>
    public async ValueTask<DeliveryResult> DeliverAsync(EventRecords records, int start, int count, int attempt, bool isRepeat)
    {
        var started = time.GetTimestamp();
        for (var failures = 0; ;)
        {
            var failure = await consumer.TryAsync(records, start, count, attempt + failures, isRepeat || failures > 0);
            if (failure is null)
            {
                Succeeded(failures, started);
                return new DeliveryResult(DeliveryOutcome.Processed);
            }

            if (FindProgressLost(failure) is { } lost)
            {
                return new DeliveryResult(DeliveryOutcome.ProgressLost, lost.DurablePosition);
            }

            failures++;
            if (!options.IsTransient(failure))
            {
                return await IsolateAsync(records, start, count, attempt + failures, failure);
            }

            instruments.Retried(Group);
            LogFailure(failure, records[start].Position, count, failures);
            await pause.ReportAsync(failure, failures);
            if (MayRetry is { } mayRetry && !await mayRetry())
            {
                return new DeliveryResult(DeliveryOutcome.Withdrawn);
            }
        }
    }

    private static ProgressLostException? FindProgressLost(Exception? failure)
    {
        while (failure is not (null or ProgressLostException))
        {
            failure = failure.InnerException;
        }

        return failure as ProgressLostException;
    }

    private void Succeeded(int failures, long started)
    {
        if (failures > 0 || activity.Error is not null)
        {
            activity.Recovered();
        }

        if (failures > 0)
        {
            LogRecovered(logger, Group, failures, time.GetElapsedTime(started).TotalSeconds);
        }

        activity.Moved();
    }

    /// <summary>Delivers the halves of a batch one after the other; a single record becomes a dead letter.</summary>
    private async ValueTask<DeliveryResult> IsolateAsync(EventRecords records, int start, int count, int attempt, Exception failure)
    {
        if (count == 1)
        {
            var record = records[start];
            var topic = record.Offset < 0 ? null : session.Lease.Topic;
            LogDeadLettered(logger, Group, record.Position, FaultText.Line(failure));
            await session.EnsureOwnedAsync(deadLetters.PutAsync(session.Ownership, topic, records, start, failure, session.Aborting));
            instruments.DeadLettered(Group);
            activity.Moved();
            return new DeliveryResult(DeliveryOutcome.DeadLettered);
        }

        LogHalving(logger, Group, records[start].Position, count, FaultText.Line(failure));
        var half = count / 2;
        var first = await DeliverAsync(records, start, half, attempt, isRepeat: true);
        if (!first.IsComplete)
        {
            return first;
        }

        var second = await DeliverAsync(records, start + half, count - half, attempt, isRepeat: true);
        return second.IsComplete && first.Outcome == DeliveryOutcome.DeadLettered ? first : second;
    }

    private void LogFailure(Exception failure, long position, int count, int failures)
    {
        if (failures == 1)
        {
            LogRetrying(logger, Group, position, count, FaultText.Line(failure));
        }
        else
        {
            LogStillRetrying(logger, failure, Group, position, count, failures);
        }
    }

    [LoggerMessage(2010, LogLevel.Warning, "Consumer group {Group} could not process {Count} records from position {Position} on; it retries until it succeeds: {Reason}")]
    private static partial void LogRetrying(ILogger logger, string group, long position, int count, string reason);

    [LoggerMessage(2013, LogLevel.Debug, "Consumer group {Group} could not process {Count} records from position {Position} on, attempt {Attempt}.")]
    private static partial void LogStillRetrying(ILogger logger, Exception failure, string group, long position, int count, int attempt);

    [LoggerMessage(2014, LogLevel.Information, "Consumer group {Group} processes records again, after {Failures} failed attempts and {Seconds:0.0} s.")]
    private static partial void LogRecovered(ILogger logger, string group, int failures, double seconds);

    [LoggerMessage(2011, LogLevel.Debug, "Consumer group {Group} halves {Count} records from position {Position} on: {Reason}")]
    private static partial void LogHalving(ILogger logger, string group, long position, int count, string reason);

    [LoggerMessage(2012, LogLevel.Error, "Consumer group {Group} could not process the record at position {Position}; it is a dead letter now: {Reason}")]
    private static partial void LogDeadLettered(ILogger logger, string group, long position, string reason);
}

using System.Data.Common;
using System.Runtime.ExceptionServices;
using Bxb.EventLog.Records;
using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Gets records through the consumer: tries again for ever what may pass, halves what will not, and puts the record that is left into the dead letters.</summary>
/// <remarks>
/// Returns only when every record was processed or is a dead letter. A stop ends a pause between tries with <see cref="OperationCanceledException"/>; after an abort nothing is believed,
/// whatever the consumer says. Failures of PostgreSQL in the bookkeeping are not retried here: the claim is given up, and the batch repeated with its stored edges.
/// </remarks>
/// <param name="duty">The ownership.</param>
/// <param name="movesProgress">Whether a consumer that stores progress with its own work moves the partition's progress by it; else it only makes sure that the partition is still owned.</param>
internal sealed partial class BatchDelivery(PartitionSession duty, bool movesProgress)
{
    /// <summary>Asked before a batch is tried again that failed for a passing reason; what it throws comes out.</summary>
    public Func<Task>? BeforeRetry { get; init; }

    /// <summary>Delivers a part of the records, whatever it takes.</summary>
    /// <returns>Whether all of them were processed; false when at least one went to the dead letters.</returns>
    /// <exception cref="ProgressLostException">The consumer asks for a rewind.</exception>
    /// <exception cref="OwnershipLostException">Somebody else has taken over.</exception>
    public async Task<bool> DeliverAsync(EventRecords records, int start, int count, int attempt, bool isRepeat)
    {
        var begun = duty.Services.Time.GetTimestamp();
        for (var failures = 0; ; failures++)
        {
            var failure = await TryAsync(records, start, count, attempt + failures, isRepeat || failures > 0);
            if (failure is null)
            {
                if (failures > 0 || duty.Activity.Error is not null)
                {
                    duty.Activity.Recovered();
                }

                if (failures > 0)
                {
                    GettingOn(duty.Services.Logger, duty.Owned.Group, failures, duty.Services.Time.GetElapsedTime(begun).TotalSeconds);
                }

                duty.Activity.Moved();
                return true;
            }

            if (!duty.Options.IsTransient(failure))
            {
                return await IsolateAsync(records, start, count, attempt + failures + 1, failure);
            }

            await RetryLaterAsync(failure, records[start].Position, count, failures + 1);
        }
    }

    /// <summary>One try; null when it went well, else why not.</summary>
    private async Task<Exception?> TryAsync(EventRecords records, int start, int count, int attempt, bool isRepeat)
    {
        var batch = new EventBatch(duty.Owned.Group, records, start, count, attempt, isRepeat)
        {
            OwnerEpoch = duty.Owned.Epoch,
            Topic = records[start].Offset < 0 ? null : duty.Claim.Topic,
            Partition = duty.Claim.Partition,
            ProgressWriter = StoreWithinAsync,
        };
        try
        {
            duty.Abort.ThrowIfCancellationRequested();
            await duty.Dispatch(batch, duty.Abort);
            duty.Abort.ThrowIfCancellationRequested();
            return null;
        }
        catch (Exception exception) when (!duty.Abort.IsCancellationRequested)
        {
            for (var cause = exception; cause is not null; cause = cause.InnerException)
            {
                if (cause is ProgressLostException)
                {
                    ExceptionDispatchInfo.Throw(cause);
                }
            }

            return exception;
        }
        finally
        {
            batch.Release();
        }
    }

    private async Task StoreWithinAsync(DbTransaction transaction, Checkpoint progress, CancellationToken cancellationToken)
    {
        duty.Abort.ThrowIfCancellationRequested();
        await duty.RequireOwnedAsync(ConsumerProgress.StoreWithinAsync(transaction, duty.Owned, movesProgress ? progress : default, cancellationToken));
    }

    private async Task RetryLaterAsync(Exception failure, long position, int count, int failures)
    {
        var line = FaultText.Line(failure);
        if (failures == 1)
        {
            Retrying(duty.Services.Logger, duty.Owned.Group, position, count, line);
        }
        else
        {
            StillRetrying(duty.Services.Logger, failure, duty.Owned.Group, position, count, failures);
        }

        duty.Services.Instruments.Retried(duty.Owned.Group);
        duty.Activity.Failing(line);
        await duty.RequireOwnedAsync(duty.Services.Progress.StoreErrorAsync(duty.Owned, line, duty.Abort));
        await duty.PauseAsync(failures);
        if (BeforeRetry is { } ask)
        {
            await ask();
        }
    }

    private async Task<bool> IsolateAsync(EventRecords records, int start, int count, int attempt, Exception failure)
    {
        if (count == 1)
        {
            DeadLettered(duty.Services.Logger, duty.Owned.Group, records[start].Position, FaultText.Line(failure));
            await duty.RequireOwnedAsync(duty.Services.DeadLetters.PutAsync(duty.Owned, records[start].Offset < 0 ? null : duty.Claim.Topic, records, start, failure, duty.Abort));
            duty.Services.Instruments.DeadLettered(duty.Owned.Group);
            duty.Activity.Moved();
            return false;
        }

        Halving(duty.Services.Logger, duty.Owned.Group, records[start].Position, count, FaultText.Line(failure));
        var half = count / 2;
        var first = await DeliverAsync(records, start, half, attempt, isRepeat: true);
        var second = await DeliverAsync(records, start + half, count - half, attempt, isRepeat: true);
        return first && second;
    }

    [LoggerMessage(2010, LogLevel.Warning, "Consumer group {Group} could not process {Count} records from position {Position} on; it tries again until it can: {Reason}")]
    private static partial void Retrying(ILogger logger, string group, long position, int count, string reason);

    [LoggerMessage(2013, LogLevel.Debug, "Consumer group {Group} could not process {Count} records from position {Position} on, try {Try}")]
    private static partial void StillRetrying(ILogger logger, Exception failure, string group, long position, int count, int @try);

    [LoggerMessage(2014, LogLevel.Information, "Consumer group {Group} gets on again, after {Failures} tries that failed and {Seconds:0.0} s.")]
    private static partial void GettingOn(ILogger logger, string group, int failures, double seconds);

    [LoggerMessage(2011, LogLevel.Debug, "Consumer group {Group} halves {Count} records from position {Position} on: {Reason}")]
    private static partial void Halving(ILogger logger, string group, long position, int count, string reason);

    [LoggerMessage(2012, LogLevel.Error, "Consumer group {Group} gave up the record at position {Position}; it is among the dead letters: {Reason}")]
    private static partial void DeadLettered(ILogger logger, string group, long position, string reason);
}

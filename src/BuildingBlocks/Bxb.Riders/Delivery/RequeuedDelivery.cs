using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Delivers requeued dead letters, one record per batch and always as a repeat. The records are read from the log by their positions.</summary>
/// <remarks>A letter stays requeued until its record was processed, so a crash in between only repeats it.</remarks>
internal sealed partial class RequeuedDelivery(
    PartitionSession session, BatchDelivery delivery, DeadLetterStore deadLetters, ConsumerProgress progress, EventLogReader log, ILogger logger)
{
    /// <summary>Delivers all requeued letters, or those before a stop.</summary>
    /// <returns>The last result; not complete when the partition must rewind.</returns>
    public async Task<DeliveryResult> DeliverAsync()
    {
        var result = new DeliveryResult(DeliveryOutcome.Processed);
        IReadOnlyList<RequeuedLetter> letters;
        var last = 0L;
        do
        {
            letters = await deadLetters.RequeuedAsync(session.Ownership, session.Lease.Topic, last, session.Aborting);
            foreach (var letter in letters)
            {
                if (session.IsStopping || !result.IsComplete)
                {
                    return result;
                }

                result = await DeliverAsync(letter);
                last = letter.Id;
            }
        }
        while (letters.Count == DeadLetterStore.PageSize);
        return result;
    }

    private async Task<DeliveryResult> DeliverAsync(RequeuedLetter letter)
    {
        using var records = EventRecords.Rent();
        if (letter.Position == 0 || await log.ReadAsync(letter.Position - 1, letter.Position, 1, int.MaxValue, records, session.Aborting) == 0)
        {
            var reason = letter.Position == 0 ? "It is not a record of the log." : "The record is no longer in the log.";
            await deadLetters.ReturnAsync(session.Ownership, letter.Id, reason, session.Aborting);
            return new DeliveryResult(DeliveryOutcome.DeadLettered);
        }

        await session.EnsureOwnedAsync(progress.StoreErrorAsync(session.Ownership, error: null, session.Aborting));
        var result = await delivery.DeliverAsync(records, 0, 1, letter.Attempts, isRepeat: true);
        if (result.Outcome == DeliveryOutcome.Processed)
        {
            await deadLetters.SettleAsync(session.Ownership, letter.Id, session.Aborting);
            LogSettled(logger, session.Ownership.Group, letter.Id, letter.Position);
        }

        return result;
    }

    [LoggerMessage(2015, LogLevel.Information, "Consumer group {Group} processed the requeued dead letter {Id}, position {Position}.")]
    private static partial void LogSettled(ILogger logger, string group, long id, long position);
}

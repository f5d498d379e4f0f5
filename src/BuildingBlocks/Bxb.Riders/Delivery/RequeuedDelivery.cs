using Bxb.EventLog.Records;
using Bxb.Riders.Failures;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Delivers dead letters that somebody requeued, one record a batch and always as a repeat, read from the log again by their positions.</summary>
/// <remarks>
/// A letter stays requeued until its record was processed, so a crash in between only repeats it.
/// </remarks>
internal sealed partial class RequeuedDelivery(PartitionSession duty)
{
    // A letter lies anywhere: delivering it says nothing about how far the partition is.
    private readonly BatchDelivery _delivery = new(duty, movesProgress: false);

    /// <summary>Delivers what waits.</summary>
    public async Task DeliverAsync()
    {
        IReadOnlyList<RequeuedLetter> letters;
        var last = 0L;
        do
        {
            letters = await duty.Services.DeadLetters.RequeuedAsync(duty.Owned, duty.Claim.Topic, last, duty.Abort);
            foreach (var letter in letters)
            {
                if (duty.IsStopping)
                {
                    return;
                }

                await DeliverAsync(letter.Id, letter.Position, letter.Attempts);
                last = letter.Id;
            }
        }
        while (letters.Count == DeadLetterStore.Portion);
    }

    private async Task DeliverAsync(long id, long position, int attempts)
    {
        using var records = EventRecords.Rent();
        if (position == 0 || await duty.Services.Log.ReadAsync(position - 1, position, 1, int.MaxValue, records, duty.Abort) == 0)
        {
            await duty.Services.DeadLetters.ReturnAsync(duty.Owned, id, position == 0 ? "It is no record of the log." : "The record is no longer in the log.", duty.Abort);
            return;
        }

        await duty.RequireOwnedAsync(duty.Services.Progress.StoreErrorAsync(duty.Owned, error: null, duty.Abort));
        if (await _delivery.DeliverAsync(records, 0, 1, attempts, isRepeat: true))
        {
            await duty.Services.DeadLetters.SettleAsync(duty.Owned, id, duty.Abort);
            Settled(duty.Services.Logger, duty.Owned.Group, id, position);
        }
    }

    [LoggerMessage(2015, LogLevel.Information, "Consumer group {Group} processed the requeued dead letter {Id}, position {Position}.")]
    private static partial void Settled(ILogger logger, string group, long id, long position);
}

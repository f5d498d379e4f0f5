using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.Riders.Failures;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Writes requeued dead letters of the relay to the topic, each in a transaction of its own, read from the log again by their positions. Used by one relay session.</summary>
/// <remarks>
/// A letter stays requeued until its record is committed, so a crash in between only repeats it; one that the brokers do not take is pending again. Bxb's own consumers have had the event
/// from the log; in the topic its position is below those before it, and they drop it.
/// </remarks>
internal sealed partial class RelayRequeue(RelayLetters letters, EventLogReader log, RelayProducer producer, string topic, long epoch, TimeProvider time, ILogger logger)
{
    /// <summary>How late at most a requeued letter is noticed.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>How long letters are written at once, so that what is new need not wait for many of them.</summary>
    private static readonly TimeSpan Share = TimeSpan.FromSeconds(1);

    /// <summary>Writes what waits, as far as the time allows.</summary>
    /// <param name="offsets">For each partition, the offset behind the last record so far.</param>
    /// <param name="mayHaveChanged">Asked before a letter is put back as too large: whether the topic's limit is another one now. If so, the letters are left to the next session.</param>
    /// <param name="cancellationToken">Ends it: the transaction's end may be open.</param>
    /// <returns>The offsets behind the last records now.</returns>
    public async Task<long[]> RunAsync(long[] offsets, Func<Task<bool>> mayHaveChanged, CancellationToken cancellationToken)
    {
        var last = 0L;
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < Share && await letters.NextRequeuedAsync(last, cancellationToken) is { } letter)
        {
            last = letter.Id;
            using var records = EventRecords.Rent();
            if (await log.ReadAsync(letter.Position - 1, letter.Position, 1, int.MaxValue, records, cancellationToken) == 0)
            {
                await letters.ReturnAsync(topic, epoch, letter.Id, "The event is no longer in the log.", cancellationToken);
                continue;
            }

            if (producer.FindOversized(records) is { } oversized)
            {
                if (await mayHaveChanged())
                {
                    return offsets;
                }

                await letters.ReturnAsync(topic, epoch, letter.Id, oversized.Reason, cancellationToken);
                continue;
            }

            offsets = await FlushAsync(letter, records, offsets, cancellationToken);
            await letters.SettleAsync(topic, epoch, letter.Id, cancellationToken);
            LogWritten(logger, letter.Id, letter.Position, topic);
        }

        return offsets;
    }

    /// <summary>What fails here must not fail again and again before everything that is new: the letter waits for another decision.</summary>
    private async Task<long[]> FlushAsync(RequeuedLetter letter, EventRecords records, long[] offsets, CancellationToken cancellationToken)
    {
        try
        {
            return await producer.FlushAsync(records, offsets, cancellationToken);
        }
        catch (RelayException exception)
        {
            await letters.ReturnAsync(topic, epoch, letter.Id, exception.Message, cancellationToken);
            throw;
        }
    }

    [LoggerMessage(2143, LogLevel.Information, "The requeued dead letter {Id}, position {Position}, is in the topic {Topic}")]
    private static partial void LogWritten(ILogger logger, long id, long position, string topic);
}

using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Reads the log behind the settled position in blocks of a flush each. One reader at a time.</summary>
/// <remarks>A block that is not full is not read sooner than <see cref="KafkaRelaySection.MaxWait"/> after the one before, so that a steady trickle does not become a transaction for each
/// event.</remarks>
internal sealed class RelayReader(EventLogReader reader, SettledPosition settled, KafkaRelaySection options, TimeProvider time)
{
    private long _lastRead;

    /// <summary>Waits until there is something behind a position, and reads it.</summary>
    /// <exception cref="OperationCanceledException">The token, or the host stops.</exception>
    public async Task<RelayBlock> ReadAsync(long after, CancellationToken cancellationToken)
    {
        var upTo = await settled.WaitBeyondAsync(after, cancellationToken);
        if (_lastRead != 0 && upTo - after < options.FlushSize && options.MaxWait - time.GetElapsedTime(_lastRead) is var pause && pause > TimeSpan.Zero)
        {
            await WaitAsync(after + options.FlushSize - 1, pause, cancellationToken);
            upTo = settled.Current;
        }

        _lastRead = time.GetTimestamp();
        var records = EventRecords.Rent(bytes: 1 << 20, records: 4_096);
        try
        {
            await reader.ReadAsync(after, upTo, options.FlushSize, options.FlushBytes, records, cancellationToken);

            // A bound that was reached cut something off; else everything up to the settled position is here, gaps included.
            var isCut = records.Count >= options.FlushSize || records.SizeInBytes >= options.FlushBytes;
            return new RelayBlock(records, isCut ? records.LastPosition : upTo);
        }
        catch
        {
            records.Dispose();
            throw;
        }
    }

    // Positions have gaps, so this is at best a full block. One wait and one read are cheaper than a read for each wake-up.
    private async Task WaitAsync(long position, TimeSpan pause, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(pause, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        Task full = settled.WaitBeyondAsync(position, either.Token).AsTask();
        await full.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}

using System.Globalization;
using Bxb.EventLog.Records;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>Reads the log in log order, from any position, by binary COPY into pooled buffers. Thread-safe: each call has its own pooled connection.</summary>
public sealed class EventLogReader
{
    // One slice is one COPY. The rest of the last slice is read in vain, so slices are as small as their cost allows.
    private const int SliceRecords = 4_096;
    private const int FirstGuessOfRecordBytes = 512;

    private readonly EventLogConnections _connections;
    private int _recordBytes = FirstGuessOfRecordBytes;

    internal EventLogReader(EventLogConnections connections) => _connections = connections;

    /// <summary>Adds the records with after &lt; position &lt;= upTo, in log order, until there are no more or a limit is reached. Returns their number.</summary>
    /// <param name="after">Exclusive. Existing records of <paramref name="into"/> must not be above it.</param>
    /// <param name="upTo">Inclusive; never above <see cref="SettledPosition.Current"/> for a reader that must not skip.</param>
    /// <param name="maxRecords">Maximum number of records, at least 1.</param>
    /// <param name="maxBytes">Bytes of text after which no further record is added. The last record can exceed it, and one record is always added.</param>
    /// <param name="into">Owned by the caller. After an exception it may contain some of the records.</param>
    /// <param name="ct">Ends the read between or within slices.</param>
    /// <exception cref="EventLogUnavailableException">PostgreSQL is away; the call may be repeated.</exception>
    public async Task<int> ReadAsync(long after, long upTo, int maxRecords, int maxBytes, EventRecords into, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(into);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRecords, 1);
        if (after >= upTo)
        {
            return 0;
        }

        var firstCount = into.Count;
        var firstBytes = into.SizeInBytes;
        try
        {
            await using var connection = await _connections.Reading.OpenConnectionAsync(ct);
            while (true)
            {
                var bytesLeft = maxBytes - (into.SizeInBytes - firstBytes);
                var limit = Math.Min(maxRecords - (into.Count - firstCount), SliceLimit(bytesLeft));
                var before = (into.Count, into.SizeInBytes);
                await ReadSliceAsync(connection, after, upTo, limit, bytesLeft, into, ct);
                var added = into.Count - before.Count;
                if (added > 0)
                {
                    after = into.LastPosition;
                    Volatile.Write(ref _recordBytes, Math.Max(32, (into.SizeInBytes - before.SizeInBytes) / added));
                }

                if (added < limit || into.Count - firstCount >= maxRecords || into.SizeInBytes - firstBytes >= maxBytes)
                {
                    return into.Count - firstCount;
                }
            }
        }
        catch (Exception e) when (EventLogErrors.IsDriverError(e))
        {
            throw EventLogErrors.Translate(e);
        }
    }

    private int SliceLimit(int bytesLeft) => (int)Math.Clamp(((long)bytesLeft / Volatile.Read(ref _recordBytes)) + 1, 1, SliceRecords);

    private static async Task ReadSliceAsync(
        NpgsqlConnection connection, long after, long upTo, int limit, int maxBytes, EventRecords into, CancellationToken ct)
    {
        // COPY takes no parameters; these are numbers.
        var sql = string.Create(CultureInfo.InvariantCulture, $"""
            copy (select position, organization_id, kind, timestamp, ingested_at, digest, source, transaction_id, external_customer_id, code, properties, trace_parent
            from event_log.events where position > {after} and position <= {upTo} order by position limit {limit}) to stdout (format binary)
            """);
        await using var stream = await connection.BeginRawBinaryCopyAsync(sql, ct);
        using var tuples = new BinaryTuples(stream);
        await tuples.ReadHeaderAsync(ct);
        var start = into.SizeInBytes;
        while (into.SizeInBytes - start < maxBytes && await tuples.NextAsync(ct))
        {
            into.Add(EventTuple.Read(tuples.Tuple, into));
        }
    }
}

using Bxb.ClickHouse;
using Bxb.EventLog.Records;
using Bxb.Riders;

namespace Bxb.Analytics.Loading;

/// <summary>Turns batches of events into the rows of one insert.</summary>
/// <remarks>
/// Not thread-safe. Owns its buffer, which the next batch reuses: <see cref="Rows"/> is valid until the next <see cref="Write"/>. No object and no string per event.
/// </remarks>
internal sealed class UsageRowWriter : IDisposable
{
    /// <summary>A buffer that one large batch made larger than this is given back before the next.</summary>
    private const int KeepBytes = 32 * 1024 * 1024;

    private readonly RowBinaryWriter _rows = new(256 * 1024);
    private readonly PropertiesText _properties = new();

    /// <summary>The rows, RowBinary, in the order of <see cref="UsageStatements.Columns"/>.</summary>
    internal ReadOnlyMemory<byte> Rows => _rows.WrittenMemory;

    /// <summary>How many there are.</summary>
    internal int Count { get; private set; }

    /// <summary>The highest position of the batch that came last; 0 when it made no row.</summary>
    internal long HighestPosition { get; private set; }

    /// <summary>The earliest event time among them, milliseconds since the Unix epoch.</summary>
    internal long EarliestMilliseconds { get; private set; }

    /// <summary>The latest event time among them, milliseconds since the Unix epoch.</summary>
    internal long LatestMilliseconds { get; private set; }

    /// <summary>Replaces the rows by those of a batch, or a slice of it. A record that only says that another one no longer counts makes no row.</summary>
    internal void Write(EventBatch batch, MonthSlice slice)
    {
        Clear();
        Add(batch, slice);
    }

    /// <summary>Begins another insert.</summary>
    internal void Clear()
    {
        _rows.Clear(KeepBytes);
        Count = 0;
        (EarliestMilliseconds, LatestMilliseconds) = (long.MaxValue, long.MinValue);
    }

    /// <summary>Adds the rows of a batch, or a slice of it.</summary>
    internal void Add(EventBatch batch, MonthSlice slice)
    {
        HighestPosition = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var record = batch[i];
            if (MakesRow(record, slice))
            {
                WriteRow(record);
            }
        }
    }

    /// <summary>Whether a record makes a row of a slice. One that only says that another one no longer counts makes none.</summary>
    internal static bool MakesRow(EventRecord record, MonthSlice slice) => record.Kind != EventKind.Voided && slice.Contains(record.TimestampMilliseconds);

    public void Dispose() => _rows.Dispose();

    private void WriteRow(EventRecord record)
    {
        _rows.WriteUInt32((uint)record.OrganizationId);
        _rows.WriteString(record.Code);
        _rows.WriteString(record.Source);
        _rows.WriteString(record.ExternalCustomerId);
        _rows.WriteString(record.TransactionId);
        _rows.WriteInt64(record.TimestampMilliseconds);
        _rows.WriteUInt64((ulong)record.Position);
        _rows.WriteUInt64((ulong)record.Digest);
        _rows.WriteUInt8((byte)record.Kind);
        _rows.WriteInt64(record.IngestedAtMilliseconds);
        _rows.WriteString(_properties.Write(record.Properties));
        (Count, HighestPosition) = (Count + 1, record.Position);
        EarliestMilliseconds = Math.Min(EarliestMilliseconds, record.TimestampMilliseconds);
        LatestMilliseconds = Math.Max(LatestMilliseconds, record.TimestampMilliseconds);
    }
}

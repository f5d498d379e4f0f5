using Bxb.ClickHouse;
using Bxb.EventLog.Records;
using Bxb.Riders;

namespace Bxb.Analytics.Loading.Rows;

/// <summary>Writes batches of events as the rows of one insert.</summary>
/// <remarks>
/// Not thread-safe. Owns its buffer and reuses it: <see cref="Rows"/> is valid until the next <see cref="Write"/>, <see cref="Clear"/> or <see cref="Add"/>. Allocates no object and no string
/// per event.
/// </remarks>
internal sealed class UsageRowWriter : IDisposable
{
    /// <summary>The columns in the order in which they are written.</summary>
    internal const string Columns =
        "organization_id, code, source, external_customer_id, transaction_id, timestamp, position, digest, kind, ingested_at, properties";

    /// <summary>A buffer that has grown beyond this size is released before the next insert.</summary>
    private const int KeepBytes = 32 * 1024 * 1024;

    private readonly RowBinaryWriter _rows = new(256 * 1024);
    private readonly PropertiesText _properties = new();

    /// <summary>The rows in RowBinary format; their fields are the <see cref="Columns"/>.</summary>
    internal ReadOnlyMemory<byte> Rows => _rows.WrittenMemory;

    internal int Count { get; private set; }

    /// <summary>The highest position among the rows of the last batch; 0 if it has no row.</summary>
    internal long HighestPosition { get; private set; }

    /// <summary>The earliest event time among the rows, in milliseconds since the Unix epoch.</summary>
    internal long EarliestMilliseconds { get; private set; }

    /// <summary>The latest event time among the rows, in milliseconds since the Unix epoch.</summary>
    internal long LatestMilliseconds { get; private set; }

    /// <summary>Replaces the rows by those of a slice of a batch.</summary>
    internal void Write(EventBatch batch, MonthSlice slice)
    {
        Clear();
        Add(batch, slice);
    }

    internal void Clear()
    {
        _rows.Clear(KeepBytes);
        Count = 0;
        (EarliestMilliseconds, LatestMilliseconds) = (long.MaxValue, long.MinValue);
    }

    /// <summary>Adds the rows of a slice of a batch.</summary>
    internal void Add(EventBatch batch, MonthSlice slice)
    {
        HighestPosition = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var record = batch[i];
            if (IsRow(record, slice))
            {
                WriteRow(record);
            }
        }
    }

    /// <summary>Whether a record is a row of a slice. An entry that voids another event is none.</summary>
    internal static bool IsRow(EventRecord record, MonthSlice slice) => record.Kind != EventKind.Voided && slice.Contains(record.TimestampMilliseconds);

    public void Dispose()
    {
        _rows.Dispose();
        _properties.Dispose();
    }

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

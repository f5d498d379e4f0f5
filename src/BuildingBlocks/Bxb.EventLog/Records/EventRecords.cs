using Bxb.Primitives.Buffers;

namespace Bxb.EventLog.Records;

/// <summary>Records of the log in log order, over one pooled buffer. A reader of the log fills it, and a consumer group receives it.</summary>
/// <remarks>
/// The caller of <see cref="Rent"/> owns it until <see cref="Dispose"/>; its views are invalid after that. One thread fills it, then any number of threads read it. There is no object per
/// record: the texts are in one byte buffer, the numbers in one array of <see cref="RecordEntry"/>.
/// </remarks>
public sealed class EventRecords : IDisposable
{
    private readonly ArrayPoolBufferWriter<byte> _texts;
    private readonly ArrayPoolBufferWriter<RecordEntry> _entries;

    private EventRecords(int bytes, int records)
    {
        _texts = new(bytes);
        _entries = new(records);
    }

    /// <summary>The number of records.</summary>
    public int Count => _entries.WrittenCount;

    /// <summary>The number of bytes of text; limits on memory count these.</summary>
    public int SizeInBytes => _texts.WrittenCount;

    /// <summary>The position of the first record; 0 if there is none.</summary>
    public long FirstPosition => Count == 0 ? 0 : _entries.WrittenSpan[0].Position;

    /// <summary>The position of the last record; 0 if there is none.</summary>
    public long LastPosition => Count == 0 ? 0 : _entries.WrittenSpan[^1].Position;

    /// <summary>The record at an index, as a view that is valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="ObjectDisposedException">The buffers were returned to the pool.</exception>
    public EventRecord this[int index]
    {
        get
        {
            var entries = _entries.WrittenSpan;
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)entries.Length, nameof(index));
            return new EventRecord(_texts.WrittenSpan, in entries[index]);
        }
    }

    /// <summary>Returns an empty object that grows.</summary>
    public static EventRecords Rent(int bytes = 64 * 1024, int records = 256) => new(bytes, records);

    /// <summary>Room for text. Call <see cref="Advance"/> with the number of bytes used.</summary>
    public Span<byte> GetSpan(int atLeast) => _texts.GetSpan(atLeast);

    /// <summary>Counts bytes that were written into <see cref="GetSpan"/> and returns their place.</summary>
    public TextRange Advance(int bytes)
    {
        var range = new TextRange(_texts.WrittenCount, bytes);
        _texts.Advance(bytes);
        return range;
    }

    /// <summary>Copies a text into the buffer and returns its place.</summary>
    public TextRange Append(ReadOnlySpan<byte> text)
    {
        var range = new TextRange(_texts.WrittenCount, text.Length);
        _texts.Write(text);
        return range;
    }

    /// <summary>Adds a record whose texts are in the buffer. Positions must increase.</summary>
    /// <exception cref="ArgumentException">The position is not above the last one.</exception>
    public void Add(in RecordEntry entry)
    {
        if (Count > 0 && entry.Position <= LastPosition)
        {
            throw new ArgumentException($"Position {entry.Position} does not follow {LastPosition}.", nameof(entry));
        }

        _entries.Add(in entry);
    }

    /// <summary>Copies a record of another buffer. Positions must increase.</summary>
    /// <exception cref="ArgumentException">The position is not above the last one.</exception>
    public void Add(EventRecord record) => Add(record, record.Offset);

    /// <summary>Copies a record of another buffer and gives it another offset. Positions must increase.</summary>
    /// <exception cref="ArgumentException">The position is not above the last one.</exception>
    public void Add(EventRecord record, long offset) => Add(new RecordEntry
    {
        Position = record.Position,
        Offset = offset,
        TimestampMilliseconds = record.TimestampMilliseconds,
        IngestedAtMilliseconds = record.IngestedAtMilliseconds,
        Digest = record.Digest,
        OrganizationId = record.OrganizationId,
        Kind = record.Kind,
        Source = Append(record.Source),
        TransactionId = Append(record.TransactionId),
        ExternalCustomerId = Append(record.ExternalCustomerId),
        Code = Append(record.Code),
        Properties = Append(record.Properties),
        TraceParent = Append(record.TraceParent),
    });

    /// <summary>Returns the buffers to the pool. A second call does nothing.</summary>
    public void Dispose()
    {
        _texts.Dispose();
        _entries.Dispose();
    }
}

using System.Buffers;

namespace Bxb.EventLog.Records;

/// <summary>Records of the log in log order, over one pooled buffer. What a reader of the log fills and a consumer group is handed.</summary>
/// <remarks>
/// Owned by whoever rented it, until <see cref="Dispose"/>; every view into it is dead after that, and using it throws. Filled by one thread, then read by
/// any number. No object per record: the texts stand in one byte buffer, the numbers in one array of <see cref="RecordEntry"/>.
/// </remarks>
public sealed class EventRecords : IDisposable
{
    private byte[]? _buffer;
    private RecordEntry[] _entries;
    private int _written;

    private EventRecords(int bytes, int records)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(bytes);
        _entries = ArrayPool<RecordEntry>.Shared.Rent(records);
    }

    /// <summary>The number of records.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of text held: what memory bounds are counted in.</summary>
    public int SizeInBytes => _written;

    /// <summary>The first record's position; 0 when there is none.</summary>
    public long FirstPosition => Count == 0 ? 0 : _entries[0].Position;

    /// <summary>The last record's position; 0 when there is none.</summary>
    public long LastPosition => Count == 0 ? 0 : _entries[Count - 1].Position;

    /// <summary>The record at an index, as a view that lives as long as this does.</summary>
    /// <exception cref="ObjectDisposedException">The buffer went back to the pool.</exception>
    public EventRecord this[int index]
    {
        get
        {
            ObjectDisposedException.ThrowIf(_buffer is null, this);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return new EventRecord(_buffer, in _entries[index]);
        }
    }

    /// <summary>Takes an empty one from the pool; it grows as it is filled.</summary>
    public static EventRecords Rent(int bytes = 64 * 1024, int records = 256) => new(bytes, records);

    /// <summary>Room for the next bytes of text. Call <see cref="Advance"/> with what was used of it.</summary>
    public Span<byte> GetSpan(int atLeast)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        if (_buffer.Length - _written < atLeast)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(_written + atLeast), _buffer.Length * 2));
            _buffer.AsSpan(0, _written).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsSpan(_written);
    }

    /// <summary>Counts bytes that were written into <see cref="GetSpan"/> and says where they stand.</summary>
    public TextRange Advance(int bytes)
    {
        var range = new TextRange(_written, bytes);
        _written += bytes;
        return range;
    }

    /// <summary>Copies a text in and says where it stands.</summary>
    public TextRange Append(ReadOnlySpan<byte> text)
    {
        text.CopyTo(GetSpan(text.Length));
        return Advance(text.Length);
    }

    /// <summary>Adds a record whose texts are in already. Positions must grow.</summary>
    /// <exception cref="ArgumentException">The position is not above the last one.</exception>
    public void Add(in RecordEntry entry)
    {
        if (Count > 0 && entry.Position <= LastPosition)
        {
            throw new ArgumentException($"Position {entry.Position} does not follow {LastPosition}.", nameof(entry));
        }

        if (Count == _entries.Length)
        {
            var larger = ArrayPool<RecordEntry>.Shared.Rent(Count * 2);
            _entries.AsSpan(0, Count).CopyTo(larger);
            ArrayPool<RecordEntry>.Shared.Return(_entries);
            _entries = larger;
        }

        _entries[Count++] = entry;
    }

    /// <summary>Copies a record of another buffer in. Positions must grow.</summary>
    /// <exception cref="ArgumentException">The position is not above the last one.</exception>
    public void Add(EventRecord record) => Add(record, record.Offset);

    /// <summary>Copies a record of another buffer in and gives it another offset. Positions must grow.</summary>
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

    /// <summary>Gives the buffers back to the pool. A second call does nothing.</summary>
    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is null)
        {
            return;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        ArrayPool<RecordEntry>.Shared.Return(_entries);
        _entries = [];
        Count = 0;
    }
}

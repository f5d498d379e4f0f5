using System.Buffers;
using Bxb.EventLog.Records;

namespace Bxb.EventLog.Appending;

/// <summary>What became of an event that was appended.</summary>
public enum AppendOutcome : byte
{
    /// <summary>Not decided yet.</summary>
    Pending,

    /// <summary>First time: it stands in the log.</summary>
    Recorded,

    /// <summary>The identity was known, with the same digest.</summary>
    Duplicate,

    /// <summary>The identity was known, with another digest: kept among the conflicts.</summary>
    Conflict,
}

/// <summary>An event on its way into the log: where its texts stand in the block, and what the log made of it.</summary>
public struct PendingEvent
{
    /// <summary>Empty unless a CloudEvent brought one.</summary>
    public TextRange Source;

    /// <summary>The sender's id, 1 to 255 characters.</summary>
    public TextRange TransactionId;

    /// <summary>The customer, 1 to 255 characters.</summary>
    public TextRange ExternalCustomerId;

    /// <summary>The event's type, 1 to 255 characters.</summary>
    public TextRange Code;

    /// <summary>The properties, canonical JSON.</summary>
    public TextRange Properties;

    /// <summary>Event time, milliseconds since the Unix epoch.</summary>
    public long TimestampMilliseconds;

    /// <summary>Whether the sender gave the timestamp; one that the server gave is no part of the digest.</summary>
    public bool TimestampGiven;

    /// <summary>What the record says.</summary>
    public EventKind Kind;

    /// <summary>The digest over the canonical content; <see cref="EventDigest"/> computes it.</summary>
    public long Digest;

    /// <summary>Set by the appender: the event's position, or that of the first of its identity.</summary>
    public long Position;

    /// <summary>Set by the appender: what became of it.</summary>
    public AppendOutcome Outcome;
}

/// <summary>The events of one request on their way into the log: texts in one pooled buffer, an array of <see cref="PendingEvent"/> beside it, no object per event.</summary>
/// <remarks>
/// Not thread-safe. Owned by the request that rented it; lent to <see cref="EventLogAppender"/> from the call of <c>AppendAsync</c> until its task has
/// ended, however it ends, and not to be touched or disposed of meanwhile.
/// </remarks>
public sealed class AppendBlock : IBufferWriter<byte>, IDisposable
{
    private byte[]? _buffer;
    private PendingEvent[] _events;

    private AppendBlock(int organizationId, int bytes, int events)
    {
        OrganizationId = organizationId;
        _buffer = ArrayPool<byte>.Shared.Rent(bytes);
        _events = ArrayPool<PendingEvent>.Shared.Rent(events);
    }

    /// <summary>The organization that all events of the block belong to.</summary>
    public int OrganizationId { get; }

    /// <summary>W3C trace context of the request; null if it had none.</summary>
    public string? TraceParent { get; set; }

    /// <summary>The number of events.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of text written so far; also where the next text will stand.</summary>
    public int WrittenBytes { get; private set; }

    /// <summary>The events, to fill and to read results from.</summary>
    public Span<PendingEvent> Events => _events.AsSpan(0, Count);

    /// <summary>Takes an empty block from the pool; it grows as it is filled.</summary>
    public static AppendBlock Rent(int organizationId, int bytes = 4096, int events = 16) => new(organizationId, bytes, events);

    /// <summary>The bytes of a text of this block, valid until the block grows or is disposed of.</summary>
    public ReadOnlySpan<byte> Text(TextRange range) => Buffer.AsSpan(range.Offset, range.Length);

    /// <summary>The bytes of a text of this block as memory, valid until the block grows or is disposed of.</summary>
    public ReadOnlyMemory<byte> TextMemory(TextRange range) => Buffer.AsMemory(range.Offset, range.Length);

    /// <summary>Copies a text in and says where it stands.</summary>
    public TextRange Append(ReadOnlySpan<byte> text)
    {
        text.CopyTo(GetSpan(text.Length));
        var range = new TextRange(WrittenBytes, text.Length);
        WrittenBytes += text.Length;
        return range;
    }

    /// <summary>Adds an event whose texts are in already.</summary>
    public void Add(in PendingEvent pending)
    {
        if (Count == _events.Length)
        {
            var larger = ArrayPool<PendingEvent>.Shared.Rent(Count * 2);
            _events.AsSpan(0, Count).CopyTo(larger);
            ArrayPool<PendingEvent>.Shared.Return(_events);
            _events = larger;
        }

        _events[Count++] = pending;
    }

    /// <summary>Forgets the texts behind an offset: what a refused event had written.</summary>
    public void Truncate(int writtenBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(writtenBytes, WrittenBytes);
        WrittenBytes = writtenBytes;
    }

    /// <inheritdoc />
    public void Advance(int count) => WrittenBytes += count;

    /// <inheritdoc />
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return Buffer.AsMemory(WrittenBytes);
    }

    /// <inheritdoc />
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return Buffer.AsSpan(WrittenBytes);
    }

    /// <summary>Gives the buffers back to the pool. A second call does nothing.</summary>
    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is null)
        {
            return;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        ArrayPool<PendingEvent>.Shared.Return(_events);
        _events = [];
        Count = 0;
    }

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(AppendBlock));

    private void Reserve(int sizeHint)
    {
        var needed = Math.Max(sizeHint, 1);
        if (Buffer.Length - WrittenBytes >= needed)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(WrittenBytes + needed), Buffer.Length * 2));
        Buffer.AsSpan(0, WrittenBytes).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(Buffer);
        _buffer = larger;
    }
}

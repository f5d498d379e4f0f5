using System.Buffers;
using Bxb.EventLog.Records;
using Bxb.Primitives.Buffers;

namespace Bxb.EventLog.Appending;

/// <summary>The outcome of an appended event.</summary>
public enum AppendOutcome : byte
{
    /// <summary>Not decided yet.</summary>
    Pending,

    /// <summary>The identity is new; the event is in the log.</summary>
    Recorded,

    /// <summary>The identity was known with the same digest.</summary>
    Duplicate,

    /// <summary>The identity was known with another digest; the event is among the conflicts.</summary>
    Conflict,
}

/// <summary>An event to append: the places of its texts in the block and, after the append, its position and outcome.</summary>
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

    /// <summary>Whether the sender gave the timestamp. A timestamp of the server is not part of the digest.</summary>
    public bool TimestampGiven;

    /// <summary>The kind of the entry.</summary>
    public EventKind Kind;

    /// <summary>The digest over the canonical content; <see cref="EventDigest"/> computes it.</summary>
    public long Digest;

    /// <summary>Set by the appender: the position of the event; for a duplicate or conflict that of the recorded event.</summary>
    public long Position;

    /// <summary>Set by the appender.</summary>
    public AppendOutcome Outcome;
}

/// <summary>The events of one request: their texts in one pooled buffer, and an array of <see cref="PendingEvent"/>. There is no object per event.</summary>
/// <remarks>
/// Not thread-safe. The request that rented it owns it. <see cref="EventLogAppender"/> borrows it from the call of <c>AppendAsync</c> until the task has ended, also by a failure;
/// until then it must not be used or disposed.
/// </remarks>
public sealed class AppendBlock : IBufferWriter<byte>, IDisposable
{
    private readonly ArrayPoolBufferWriter<byte> _texts;
    private readonly ArrayPoolBufferWriter<PendingEvent> _events;

    private AppendBlock(int organizationId, int bytes, int events)
    {
        OrganizationId = organizationId;
        _texts = new(bytes);
        _events = new(events);
    }

    /// <summary>The organization of all events of the block.</summary>
    public int OrganizationId { get; }

    /// <summary>W3C trace context of the request; null if it had none.</summary>
    public string? TraceParent { get; set; }

    /// <summary>The number of events.</summary>
    public int Count => _events.WrittenCount;

    /// <summary>The number of bytes of text, and the offset of the next text.</summary>
    public int WrittenBytes => _texts.WrittenCount;

    /// <summary>The events, to fill and to read results from.</summary>
    public Span<PendingEvent> Events => _events.WrittenSpan;

    /// <summary>Returns an empty block that grows.</summary>
    public static AppendBlock Rent(int organizationId, int bytes = 4096, int events = 16) => new(organizationId, bytes, events);

    /// <summary>A text of this block, valid until the block grows or is disposed.</summary>
    public ReadOnlySpan<byte> Text(TextRange range) => _texts.WrittenSpan.Slice(range.Offset, range.Length);

    /// <summary>A text of this block as memory, valid until the block grows or is disposed.</summary>
    public ReadOnlyMemory<byte> TextMemory(TextRange range) => _texts.WrittenMemory.Slice(range.Offset, range.Length);

    /// <summary>Copies a text into the block.</summary>
    public TextRange Append(ReadOnlySpan<byte> text)
    {
        var range = new TextRange(_texts.WrittenCount, text.Length);
        _texts.Write(text);
        return range;
    }

    /// <summary>Adds an event whose texts are in the block.</summary>
    public void Add(in PendingEvent pending) => _events.Add(in pending);

    /// <summary>Removes the texts behind an offset, such as those of a refused event.</summary>
    public void Truncate(int writtenBytes) => _texts.Truncate(writtenBytes);

    /// <inheritdoc />
    public void Advance(int count) => _texts.Advance(count);

    /// <inheritdoc />
    public Memory<byte> GetMemory(int sizeHint = 0) => _texts.GetMemory(sizeHint);

    /// <inheritdoc />
    public Span<byte> GetSpan(int sizeHint = 0) => _texts.GetSpan(sizeHint);

    /// <summary>Returns the buffers to the pool. A second call does nothing.</summary>
    public void Dispose()
    {
        _texts.Dispose();
        _events.Dispose();
    }
}

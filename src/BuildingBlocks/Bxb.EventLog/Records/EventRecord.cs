namespace Bxb.EventLog.Records;

/// <summary>One record of the log, as a view over its <see cref="EventRecords"/>, valid until that is disposed.</summary>
public readonly ref struct EventRecord
{
    private readonly ReadOnlySpan<byte> _buffer;
    private readonly ref readonly RecordEntry _entry;

    internal EventRecord(ReadOnlySpan<byte> buffer, ref readonly RecordEntry entry)
    {
        _buffer = buffer;
        _entry = ref entry;
    }

    /// <summary>Its position in the log.</summary>
    public long Position => _entry.Position;

    /// <summary>Its offset in its Kafka partition; -1 if it was read from the log.</summary>
    public long Offset => _entry.Offset;

    /// <summary>The organization of the event.</summary>
    public int OrganizationId => _entry.OrganizationId;

    /// <summary>Event time, milliseconds since the Unix epoch.</summary>
    public long TimestampMilliseconds => _entry.TimestampMilliseconds;

    /// <summary>Ingestion time, milliseconds since the Unix epoch.</summary>
    public long IngestedAtMilliseconds => _entry.IngestedAtMilliseconds;

    /// <summary>The digest over the canonical content.</summary>
    public long Digest => _entry.Digest;

    /// <summary>The kind of the entry.</summary>
    public EventKind Kind => _entry.Kind;

    /// <summary>UTF-8; empty unless a CloudEvent brought one.</summary>
    public ReadOnlySpan<byte> Source => Text(_entry.Source);

    /// <summary>UTF-8, 1 to 255 characters.</summary>
    public ReadOnlySpan<byte> TransactionId => Text(_entry.TransactionId);

    /// <summary>UTF-8, 1 to 255 characters.</summary>
    public ReadOnlySpan<byte> ExternalCustomerId => Text(_entry.ExternalCustomerId);

    /// <summary>UTF-8, 1 to 255 characters.</summary>
    public ReadOnlySpan<byte> Code => Text(_entry.Code);

    /// <summary>A JSON object as PostgreSQL's jsonb prints it, UTF-8.</summary>
    public ReadOnlySpan<byte> Properties => Text(_entry.Properties);

    /// <summary>W3C trace context of the request, UTF-8; empty if it had none.</summary>
    public ReadOnlySpan<byte> TraceParent => Text(_entry.TraceParent);

    private ReadOnlySpan<byte> Text(TextRange range) => _buffer.Slice(range.Offset, range.Length);
}

/// <summary>The fixed part of a record: its numbers, and the places of its texts.</summary>
public struct RecordEntry
{
    /// <summary>Its position in the log.</summary>
    public long Position;

    /// <summary>Its offset in its Kafka partition; -1 if it was read from the log.</summary>
    public long Offset;

    /// <summary>Event time, milliseconds since the Unix epoch.</summary>
    public long TimestampMilliseconds;

    /// <summary>Ingestion time, milliseconds since the Unix epoch.</summary>
    public long IngestedAtMilliseconds;

    /// <summary>The digest over the canonical content.</summary>
    public long Digest;

    /// <summary>The organization.</summary>
    public int OrganizationId;

    /// <summary>The kind of the entry.</summary>
    public EventKind Kind;

    /// <summary>Empty unless a CloudEvent brought one.</summary>
    public TextRange Source;

    /// <summary>The sender's id.</summary>
    public TextRange TransactionId;

    /// <summary>The customer.</summary>
    public TextRange ExternalCustomerId;

    /// <summary>The event's type.</summary>
    public TextRange Code;

    /// <summary>The properties, jsonb text.</summary>
    public TextRange Properties;

    /// <summary>The trace context.</summary>
    public TextRange TraceParent;
}

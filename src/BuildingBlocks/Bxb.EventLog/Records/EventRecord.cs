namespace Bxb.EventLog.Records;

/// <summary>One record of the log, as a view over the buffer of its <see cref="EventRecords"/>: valid as long as that is.</summary>
public readonly ref struct EventRecord
{
    private readonly ReadOnlySpan<byte> _buffer;
    private readonly ref readonly RecordEntry _entry;

    internal EventRecord(ReadOnlySpan<byte> buffer, ref readonly RecordEntry entry)
    {
        _buffer = buffer;
        _entry = ref entry;
    }

    /// <summary>Its place in the log.</summary>
    public long Position => _entry.Position;

    /// <summary>Its place in the Kafka partition that it was read from; -1 when it was read from the log itself.</summary>
    public long Offset => _entry.Offset;

    /// <summary>The organization it belongs to.</summary>
    public int OrganizationId => _entry.OrganizationId;

    /// <summary>Event time, milliseconds since the Unix epoch.</summary>
    public long TimestampMilliseconds => _entry.TimestampMilliseconds;

    /// <summary>When the log took it, milliseconds since the Unix epoch.</summary>
    public long IngestedAtMilliseconds => _entry.IngestedAtMilliseconds;

    /// <summary>The digest over the canonical content.</summary>
    public long Digest => _entry.Digest;

    /// <summary>What the record says.</summary>
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

/// <summary>The fixed part of a record: numbers, and where its texts stand.</summary>
public struct RecordEntry
{
    /// <summary>Its place in the log.</summary>
    public long Position;

    /// <summary>Its place in the Kafka partition that it was read from; -1 when it was read from the log itself.</summary>
    public long Offset;

    /// <summary>Event time, milliseconds since the Unix epoch.</summary>
    public long TimestampMilliseconds;

    /// <summary>When the log took it, milliseconds since the Unix epoch.</summary>
    public long IngestedAtMilliseconds;

    /// <summary>The digest over the canonical content.</summary>
    public long Digest;

    /// <summary>The organization.</summary>
    public int OrganizationId;

    /// <summary>What the record says.</summary>
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

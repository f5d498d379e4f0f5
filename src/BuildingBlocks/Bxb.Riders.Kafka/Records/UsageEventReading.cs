namespace Bxb.Riders.Kafka.Records;

/// <summary>Why a record from Kafka could not be read.</summary>
internal enum UsageEventFault
{
    /// <summary>It could.</summary>
    None,

    /// <summary>It is no JSON object at all.</summary>
    NotJson,

    /// <summary>It says to be of a format that this version does not read.</summary>
    UnknownVersion,

    /// <summary>It is of the format by name, but a member is missing or is not what it must be.</summary>
    Malformed,
}

/// <summary>What came of reading a record.</summary>
/// <param name="Fault">What is wrong.</param>
/// <param name="Position">The record's position in the log; 0 when it could not be read.</param>
/// <param name="Reason">What is wrong, one sentence; null when nothing is.</param>
internal readonly record struct UsageEventReading(UsageEventFault Fault, long Position, string? Reason)
{
    /// <summary>Whether the record was read whole.</summary>
    public bool IsRead => Fault == UsageEventFault.None;
}

/// <summary>A record taken apart: its numbers, and its texts where they stand for as long as their buffers do.</summary>
internal ref struct UsageEventParts
{
    public long Position;
    public long TimestampMilliseconds;
    public long IngestedAtMilliseconds;
    public long Digest;
    public int OrganizationId;
    public EventLog.Records.EventKind Kind;
    public ReadOnlySpan<byte> Source;
    public ReadOnlySpan<byte> TransactionId;
    public ReadOnlySpan<byte> ExternalCustomerId;
    public ReadOnlySpan<byte> Code;
    public ReadOnlySpan<byte> TraceParent;
    public ReadOnlySpan<byte> Properties;
}

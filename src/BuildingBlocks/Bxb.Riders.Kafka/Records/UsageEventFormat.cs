using Bxb.EventLog.Records;

namespace Bxb.Riders.Kafka.Records;

/// <summary>The words of a record on Kafka, as <c>schemas/usage-event.v1.json</c> defines them.</summary>
internal static class UsageEventFormat
{
    /// <summary>The format's name and major version: the first member of every record, and the header <c>bxb-schema</c>.</summary>
    public const string Schema = "usage-event.v1";

    /// <summary>What stands between the values of a record as this code writes it: a record in this order, without spaces and escapes, is read fast.</summary>
    public static ReadOnlySpan<byte> Position => "{\"schema\":\"usage-event.v1\",\"position\":"u8;

    public static ReadOnlySpan<byte> OrganizationId => ",\"organization_id\":"u8;

    public static ReadOnlySpan<byte> Kind => ",\"kind\":\""u8;

    public static ReadOnlySpan<byte> Source => "\",\"source\":\""u8;

    public static ReadOnlySpan<byte> TransactionId => "\",\"transaction_id\":\""u8;

    public static ReadOnlySpan<byte> ExternalCustomerId => "\",\"external_customer_id\":\""u8;

    public static ReadOnlySpan<byte> Code => "\",\"code\":\""u8;

    public static ReadOnlySpan<byte> Timestamp => "\",\"timestamp\":\""u8;

    public static ReadOnlySpan<byte> IngestedAt => "\",\"ingested_at\":\""u8;

    public static ReadOnlySpan<byte> Digest => "\",\"digest\":\""u8;

    /// <summary>Left out where the request had no trace context.</summary>
    public static ReadOnlySpan<byte> TraceParent => "\",\"trace_parent\":\""u8;

    public static ReadOnlySpan<byte> Properties => "\",\"properties\":"u8;

    /// <summary>The word for a kind of record; empty for one that has none.</summary>
    public static ReadOnlySpan<byte> Word(EventKind kind) => kind switch
    {
        EventKind.Recorded => "recorded"u8,
        EventKind.Amended => "amended"u8,
        EventKind.Voided => "voided"u8,
        _ => [],
    };

    /// <summary>The kind of record that a word stands for.</summary>
    public static bool TryKind(ReadOnlySpan<byte> word, out EventKind kind)
    {
        kind = word.Length == 0 ? 0 : (char)word[0] switch { 'r' => EventKind.Recorded, 'a' => EventKind.Amended, 'v' => EventKind.Voided, _ => 0 };
        return kind != 0 && word.SequenceEqual(Word(kind));
    }

    /// <summary>Whether a schema's name is of the major version that this code reads; what follows a further dot counts minor versions.</summary>
    public static bool IsKnown(string schema) => schema == Schema || schema.StartsWith(Schema + ".", StringComparison.Ordinal);
}

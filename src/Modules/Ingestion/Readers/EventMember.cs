using System.Text.Json;

namespace Bxb.Ingestion.Readers;

/// <summary>The members of an event, as bits.</summary>
[Flags]
internal enum EventMember
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>transaction_id.</summary>
    TransactionId = 1,

    /// <summary>external_customer_id.</summary>
    ExternalCustomerId = 2,

    /// <summary>code.</summary>
    Code = 4,

    /// <summary>timestamp.</summary>
    Timestamp = 8,

    /// <summary>properties.</summary>
    Properties = 16,

    /// <summary>A name that events do not have.</summary>
    Unknown = 32,
}

/// <summary>Tells members by their names.</summary>
internal static class EventMembers
{
    /// <summary>No name that is known has more bytes, written with escapes at their longest.</summary>
    private const int LongestEscaped = 20 * 6;

    /// <summary>Pointers of the members, relative to the event.</summary>
    public static string Pointer(EventMember member) => member switch
    {
        EventMember.TransactionId => "/transaction_id",
        EventMember.ExternalCustomerId => "/external_customer_id",
        EventMember.Code => "/code",
        EventMember.Timestamp => "/timestamp",
        _ => "/properties",
    };

    /// <summary>The member whose name the reader stands on.</summary>
    public static EventMember At(ref Utf8JsonReader json)
    {
        if (!json.ValueIsEscaped)
        {
            return Named(json.ValueSpan);
        }

        Span<byte> name = stackalloc byte[LongestEscaped];
        return json.ValueSpan.Length <= LongestEscaped && JsonText.TryUnescape(json.ValueSpan, name, out var length) ? Named(name[..length]) : EventMember.Unknown;
    }

    private static EventMember Named(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 when name.SequenceEqual("code"u8) => EventMember.Code,
        9 when name.SequenceEqual("timestamp"u8) => EventMember.Timestamp,
        10 when name.SequenceEqual("properties"u8) => EventMember.Properties,
        14 when name.SequenceEqual("transaction_id"u8) => EventMember.TransactionId,
        20 when name.SequenceEqual("external_customer_id"u8) => EventMember.ExternalCustomerId,
        _ => EventMember.Unknown,
    };
}

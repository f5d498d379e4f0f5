using System.Text.Json;
using Bxb.Primitives.Json;

namespace Bxb.Ingestion.Reading;

/// <summary>The members of an event, as flags.</summary>
[Flags]
internal enum EventMember
{
    None = 0,
    TransactionId = 1,
    ExternalCustomerId = 2,
    Code = 4,
    Timestamp = 8,
    Properties = 16,

    /// <summary>A member that events do not have.</summary>
    Unknown = 32,
}

/// <summary>Recognizes members by their names.</summary>
internal static class EventMembers
{
    /// <summary>The maximum length of a known name with all characters escaped.</summary>
    private const int LongestEscaped = 20 * 6;

    /// <summary>Returns the JSON Pointer of a member, relative to the event.</summary>
    public static string Pointer(EventMember member) => member switch
    {
        EventMember.TransactionId => "/transaction_id",
        EventMember.ExternalCustomerId => "/external_customer_id",
        EventMember.Code => "/code",
        EventMember.Timestamp => "/timestamp",
        _ => "/properties",
    };

    /// <summary>Returns the member at the reader, which is on a name.</summary>
    public static EventMember At(ref Utf8JsonReader json)
    {
        if (!json.ValueIsEscaped)
        {
            return Named(json.ValueSpan);
        }

        Span<byte> name = stackalloc byte[LongestEscaped];
        return json.ValueSpan.Length <= LongestEscaped ? Named(name[..JsonText.Unescape(json.ValueSpan, name, out _)]) : EventMember.Unknown;
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

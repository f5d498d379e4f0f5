using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Bxb.Riders.Kafka.Records;

/// <summary>Collects the members of a record that a JSON reader walks through. A member of the wrong type is remembered, and judged only once the version is known.</summary>
/// <param name="texts">Holds the unescaped texts; the caller's, at least as long as the whole record.</param>
internal ref struct UsageEventMembers(byte[] texts)
{
    /// <summary>What was read so far.</summary>
    public UsageEventParts Parts;

    private string? _schema;
    private string? _wrong;
    private Seen _seen;
    private int _used;

    [Flags]
    private enum Seen
    {
        None = 0,
        Position = 1,
        OrganizationId = 1 << 1,
        Kind = 1 << 2,
        Source = 1 << 3,
        TransactionId = 1 << 4,
        ExternalCustomerId = 1 << 5,
        Code = 1 << 6,
        Timestamp = 1 << 7,
        IngestedAt = 1 << 8,
        Digest = 1 << 9,
        Properties = 1 << 10,
        All = (1 << 11) - 1,
    }

    /// <summary>The position as far as it is known; 0 before.</summary>
    public readonly long Position => Parts.Position;

    /// <summary>Reads the member whose name the reader stands on, and moves to its value's end.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A text is no UTF-8, or has half a surrogate pair.</exception>
    public void Read(scoped ref Utf8JsonReader json, ReadOnlySpan<byte> record)
    {
        if (json.ValueTextEquals("schema"u8))
        {
            json.Read();
            _schema = json.TokenType == JsonTokenType.String ? json.GetString() : null;
        }
        else if (json.ValueTextEquals("position"u8))
        {
            json.Read();
            Take(Seen.Position, json.TokenType == JsonTokenType.Number && json.TryGetInt64(out Parts.Position) && Parts.Position > 0, "position is no positive number");
        }
        else if (json.ValueTextEquals("organization_id"u8))
        {
            json.Read();
            Take(Seen.OrganizationId, json.TokenType == JsonTokenType.Number && json.TryGetInt32(out Parts.OrganizationId), "organization_id is no number");
        }
        else if (json.ValueTextEquals("kind"u8))
        {
            Take(Seen.Kind, TryText(ref json, out var word) && UsageEventFormat.TryKind(word, out Parts.Kind), "kind is none of recorded, amended, voided");
        }
        else if (json.ValueTextEquals("source"u8))
        {
            Take(Seen.Source, TryText(ref json, out Parts.Source), "source is no text");
        }
        else if (json.ValueTextEquals("transaction_id"u8))
        {
            Take(Seen.TransactionId, TryText(ref json, out Parts.TransactionId), "transaction_id is no text");
        }
        else if (json.ValueTextEquals("external_customer_id"u8))
        {
            Take(Seen.ExternalCustomerId, TryText(ref json, out Parts.ExternalCustomerId), "external_customer_id is no text");
        }
        else if (json.ValueTextEquals("code"u8))
        {
            Take(Seen.Code, TryText(ref json, out Parts.Code), "code is no text");
        }
        else if (json.ValueTextEquals("timestamp"u8))
        {
            Take(Seen.Timestamp, TryTime(ref json, out Parts.TimestampMilliseconds), "timestamp is no time of ISO 8601");
        }
        else if (json.ValueTextEquals("ingested_at"u8))
        {
            Take(Seen.IngestedAt, TryTime(ref json, out Parts.IngestedAtMilliseconds), "ingested_at is no time of ISO 8601");
        }
        else if (json.ValueTextEquals("digest"u8))
        {
            Take(Seen.Digest, TryText(ref json, out var text) && Utf8Parser.TryParse(text, out Parts.Digest, out var digits) && digits == text.Length, "digest is no text of a 64-bit number");
        }
        else if (json.ValueTextEquals("trace_parent"u8))
        {
            Take(Seen.None, TryText(ref json, out Parts.TraceParent), "trace_parent is no text");
        }
        else if (json.ValueTextEquals("properties"u8))
        {
            json.Read();
            Take(Seen.Properties, json.TokenType == JsonTokenType.StartObject, "properties is no object");
            var start = (int)json.TokenStartIndex;
            json.Skip();
            Parts.Properties = record[start..(int)json.BytesConsumed];
            return;
        }
        else
        {
            json.Read();
        }

        json.Skip();
    }

    /// <summary>The verdict, once every member was read.</summary>
    public readonly UsageEventReading Judge()
    {
        if (_schema is null)
        {
            return new UsageEventReading(UsageEventFault.Malformed, Position, "The record does not say its schema.");
        }

        if (!UsageEventFormat.IsKnown(_schema))
        {
            return new UsageEventReading(UsageEventFault.UnknownVersion, Position, $"The record is of the schema {Cut(_schema)}, and this version reads {UsageEventFormat.Schema} only.");
        }

        var missing = Seen.All & ~_seen;
        return _wrong is not null ? new UsageEventReading(UsageEventFault.Malformed, Position, $"In the record, {_wrong}.")
            : missing != 0 ? new UsageEventReading(UsageEventFault.Malformed, Position, $"The record lacks members: {missing}.")
            : new UsageEventReading(UsageEventFault.None, Position, null);
    }

    private void Take(Seen member, bool isRight, string wrong)
    {
        _seen |= member;
        _wrong ??= isRight ? null : wrong;
    }

    private bool TryText(scoped ref Utf8JsonReader json, out ReadOnlySpan<byte> text)
    {
        json.Read();
        text = default;
        if (json.TokenType != JsonTokenType.String)
        {
            return false;
        }

        var length = json.CopyString(texts.AsSpan(_used));
        text = texts.AsSpan(_used, length);
        _used += length;
        return true;
    }

    private static bool TryTime(ref Utf8JsonReader json, out long unixMilliseconds)
    {
        json.Read();
        unixMilliseconds = 0;
        if (json.TokenType != JsonTokenType.String || !json.TryGetDateTimeOffset(out var time))
        {
            return false;
        }

        unixMilliseconds = time.ToUnixTimeMilliseconds();
        return true;
    }

    private static string Cut(string text) => text.Length <= 100 ? text : new StringBuilder(text, 0, 100, 104).Append('…').ToString();
}

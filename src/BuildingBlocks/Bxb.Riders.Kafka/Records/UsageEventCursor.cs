using System.Buffers.Text;
using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Bxb.Primitives.Time;

namespace Bxb.Riders.Kafka.Records;

/// <summary>Walks over a record that is spelt exactly as <see cref="UsageEventWriter"/> spells it, without escapes in its texts. Anything else it leaves to others.</summary>
internal ref struct UsageEventCursor(ReadOnlySpan<byte> value)
{
    // The end of a text, or what makes it one for the JSON reader.
    private static readonly SearchValues<byte> EndOfText = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(b => (byte)b), (byte)'"', (byte)'\\']);

    private readonly ReadOnlySpan<byte> _value = value;
    private int _at;

    /// <summary>Reads the whole record; false when it is spelt otherwise.</summary>
    public bool TryRead(out UsageEventParts parts)
    {
        parts = default;
        return Skip(UsageEventFormat.Position) && TryNumber(out parts.Position) && parts.Position > 0
            && Skip(UsageEventFormat.OrganizationId) && TryNumber(out parts.OrganizationId)
            && Skip(UsageEventFormat.Kind) && TryText(out var kind) && UsageEventFormat.TryKind(kind, out parts.Kind)
            && Skip(UsageEventFormat.Source) && TryText(out parts.Source)
            && Skip(UsageEventFormat.TransactionId) && TryText(out parts.TransactionId)
            && Skip(UsageEventFormat.ExternalCustomerId) && TryText(out parts.ExternalCustomerId)
            && Skip(UsageEventFormat.Code) && TryText(out parts.Code)
            && Skip(UsageEventFormat.Timestamp) && TryTime(out parts.TimestampMilliseconds)
            && Skip(UsageEventFormat.IngestedAt) && TryTime(out parts.IngestedAtMilliseconds)
            && Skip(UsageEventFormat.Digest) && TryNumber(out parts.Digest)
            && (!Skip(UsageEventFormat.TraceParent) || TryText(out parts.TraceParent))
            && Skip(UsageEventFormat.Properties) && TryProperties(out parts.Properties)
            && Utf8.IsValid(_value);
    }

    private bool Skip(ReadOnlySpan<byte> words)
    {
        if (!_value[_at..].StartsWith(words))
        {
            return false;
        }

        _at += words.Length;
        return true;
    }

    private bool TryNumber(out long number)
    {
        var found = Utf8Parser.TryParse(_value[_at..], out number, out var digits);
        _at += digits;
        return found;
    }

    private bool TryNumber(out int number)
    {
        var found = Utf8Parser.TryParse(_value[_at..], out number, out var digits);
        _at += digits;
        return found;
    }

    private bool TryText(out ReadOnlySpan<byte> text)
    {
        var rest = _value[_at..];
        var length = rest.IndexOfAny(EndOfText);
        if (length < 0 || rest[length] != (byte)'"')
        {
            text = default;
            return false;
        }

        text = rest[..length];
        _at += length;
        return true;
    }

    private bool TryTime(out long unixMilliseconds)
    {
        if (_value.Length - _at < UtcTime.Length)
        {
            unixMilliseconds = 0;
            return false;
        }

        var found = UtcTime.TryRead(_value.Slice(_at, UtcTime.Length), out unixMilliseconds);
        _at += UtcTime.Length;
        return found;
    }

    // The last member: one object, and behind it nothing but the record's own brace.
    private bool TryProperties(out ReadOnlySpan<byte> properties)
    {
        properties = default;
        var rest = _value[_at..];
        if (rest.Length < 3 || rest[0] != (byte)'{' || rest[^1] != (byte)'}')
        {
            return false;
        }

        try
        {
            var json = new Utf8JsonReader(rest[..^1], UsageEventDocument.ReaderOptions);
            if (!json.Read() || !json.TrySkip() || json.BytesConsumed != rest.Length - 1)
            {
                return false;
            }
        }
        catch (JsonException)
        {
            return false;
        }

        properties = rest[..^1];
        return true;
    }
}

using System.Buffers;
using System.Text.Json;

namespace Bxb.Analytics.Loading.Rows;

/// <summary>Converts an event's properties to the document that is inserted into ClickHouse's JSON column.</summary>
/// <remarks>
/// Every value becomes a string, the text that usage queries compare, group and count: a string stays as it is; a number, a boolean and an array become their jsonb text; null and an
/// object without values are omitted. ClickHouse interprets nothing, so it cannot lose a digit or refuse a document. In names '%' is written as "%25", '.' as "%2E" and '`' as "%60",
/// because a ClickHouse path separates names by dots and treats ^`a` and :`Type` as operators.
/// Not thread-safe. The span that <see cref="Write"/> returns is valid until the next call. Allocates nothing once the buffer has grown.
/// </remarks>
internal sealed class PropertiesText
{
    private static readonly SearchValues<byte> InName = SearchValues.Create("%.`"u8);

    private static readonly SearchValues<byte> InText = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private byte[] _buffer = new byte[4096];
    private int _written;

    /// <summary>Converts one document.</summary>
    /// <param name="jsonb">A JSON object as PostgreSQL prints it.</param>
    /// <exception cref="JsonException"><paramref name="jsonb"/> is not a JSON object.</exception>
    internal ReadOnlySpan<byte> Write(ReadOnlySpan<byte> jsonb)
    {
        _written = 0;
        var reader = new Utf8JsonReader(jsonb, new JsonReaderOptions { MaxDepth = 128 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("The properties are not an object.");
        }

        WriteMembers(ref reader, jsonb);
        return _buffer.AsSpan(0, _written);
    }

    /// <summary>Writes an object after its opening brace was read. Returns false if it has no value.</summary>
    private bool WriteMembers(ref Utf8JsonReader reader, ReadOnlySpan<byte> jsonb)
    {
        Append((byte)'{');
        var any = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = _written;
            if (any)
            {
                Append((byte)',');
            }

            WriteName(ref reader);
            reader.Read();
            if (WriteValue(ref reader, jsonb))
            {
                any = true;
            }
            else
            {
                _written = start;
            }
        }

        Append((byte)'}');
        return any;
    }

    private bool WriteValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> jsonb)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return false;
            case JsonTokenType.StartObject:
                return WriteMembers(ref reader, jsonb);
            case JsonTokenType.StartArray:
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                Append((byte)'"');
                AppendEscaped(jsonb[start..(int)reader.BytesConsumed]);
                Append((byte)'"');
                return true;
            default:
                // The bytes of a string are escaped already; numbers and booleans need no escapes.
                Append((byte)'"');
                Append(reader.ValueSpan);
                Append((byte)'"');
                return true;
        }
    }

    private void WriteName(ref Utf8JsonReader reader)
    {
        Append((byte)'"');
        if (reader.ValueIsEscaped)
        {
            // Unescaped first, because an escape can stand for one of the special characters.
            var name = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
            AppendName(name.AsSpan(0, reader.CopyString(name)), escape: true);
            ArrayPool<byte>.Shared.Return(name);
        }
        else
        {
            AppendName(reader.ValueSpan, escape: false);
        }

        Append("\":"u8);
    }

    private void AppendName(ReadOnlySpan<byte> name, bool escape)
    {
        int at;
        while ((at = name.IndexOfAny(InName)) >= 0)
        {
            AppendPart(name[..at], escape);
            Append(name[at] == '%' ? "%25"u8 : name[at] == '.' ? "%2E"u8 : "%60"u8);
            name = name[(at + 1)..];
        }

        AppendPart(name, escape);
    }

    private void AppendPart(ReadOnlySpan<byte> text, bool escape)
    {
        if (escape)
        {
            AppendEscaped(text);
        }
        else
        {
            Append(text);
        }
    }

    private void AppendEscaped(ReadOnlySpan<byte> text)
    {
        int at;
        while ((at = text.IndexOfAny(InText)) >= 0)
        {
            Append(text[..at]);
            var b = text[at];
            if (b >= 32)
            {
                Append((byte)'\\');
                Append(b);
            }
            else
            {
                Append("\\u00"u8);
                Append((byte)(b < 16 ? '0' : '1'));
                Append("0123456789abcdef"u8[b & 15]);
            }

            text = text[(at + 1)..];
        }

        Append(text);
    }

    private void Append(byte value)
    {
        if (_written == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        _buffer[_written++] = value;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_buffer.Length - _written < bytes.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _written + bytes.Length));
        }

        bytes.CopyTo(_buffer.AsSpan(_written));
        _written += bytes.Length;
    }
}

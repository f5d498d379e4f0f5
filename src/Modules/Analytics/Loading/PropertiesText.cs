using System.Buffers;
using System.Text.Json;

namespace Bxb.Analytics.Loading;

/// <summary>Turns an event's properties into the document that ClickHouse's JSON column is given.</summary>
/// <remarks>
/// Every value becomes a text, the one that usage queries compare, group and count by: a string stays itself, a number, true and false become their jsonb text, an
/// array becomes its jsonb text; null and an object without values are left out, since neither is a value. Nothing is left for ClickHouse to interpret, so
/// that it can neither lose a digit nor refuse a document. In names '%' is written "%25", '.' "%2E" and '`' "%60": a path in ClickHouse joins names by dots, and takes ^`a` and
/// :`Type` for operators.
/// Not thread-safe; the span that <see cref="Write"/> returns is valid until the next call. Nothing is allocated once the buffer has grown.
/// </remarks>
internal sealed class PropertiesText
{
    private static readonly SearchValues<byte> InName = SearchValues.Create("%.`"u8);

    private static readonly SearchValues<byte> InText = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private byte[] _buffer = new byte[4096];
    private int _written;

    /// <summary>Writes one document.</summary>
    /// <param name="jsonb">A JSON object as PostgreSQL prints it.</param>
    /// <exception cref="JsonException">It is none.</exception>
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

    /// <summary>Writes the object whose opening brace was read; false when it has no value.</summary>
    private bool WriteMembers(ref Utf8JsonReader reader, ReadOnlySpan<byte> jsonb)
    {
        Append((byte)'{');
        var any = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var mark = _written;
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
                _written = mark;
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
                // Within a string the bytes are escaped already; a number, true and false need no escapes.
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
            // Unescaped first: an escape might stand for one of the special characters.
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

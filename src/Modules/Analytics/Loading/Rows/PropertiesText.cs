using System.Buffers;
using System.Text.Json;
using Bxb.Primitives.Buffers;
using Bxb.Primitives.Json;

namespace Bxb.Analytics.Loading.Rows;

/// <summary>Converts an event's properties to the document that is inserted into ClickHouse's JSON column.</summary>
/// <remarks>
/// Every value becomes a string, the text that usage queries compare, group and count: a string stays as it is; a number, a boolean and an array become their jsonb text; null and an
/// object without values are omitted. ClickHouse interprets nothing, so it cannot lose a digit or refuse a document. In names '%' is written as "%25", '.' as "%2E" and '`' as "%60",
/// because a ClickHouse path separates names by dots and treats ^`a` and :`Type` as operators.
/// Not thread-safe. The span that <see cref="Write"/> returns is valid until the next call. Allocates nothing once the buffer has grown.
/// </remarks>
internal sealed class PropertiesText : IDisposable
{
    private static readonly SearchValues<byte> InName = SearchValues.Create("%.`"u8);

    private readonly ArrayPoolBufferWriter<byte> _output = new(4096);

    /// <summary>Converts one document.</summary>
    /// <param name="jsonb">A JSON object as PostgreSQL prints it.</param>
    /// <exception cref="JsonException"><paramref name="jsonb"/> is not a JSON object.</exception>
    internal ReadOnlySpan<byte> Write(ReadOnlySpan<byte> jsonb)
    {
        _output.Clear();
        var reader = new Utf8JsonReader(jsonb, new JsonReaderOptions { MaxDepth = 128 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("The properties are not an object.");
        }

        WriteMembers(ref reader, jsonb);
        return _output.WrittenSpan;
    }

    public void Dispose() => _output.Dispose();

    /// <summary>Writes an object after its opening brace was read. Returns false if it has no value.</summary>
    private bool WriteMembers(ref Utf8JsonReader reader, ReadOnlySpan<byte> jsonb)
    {
        _output.Add((byte)'{');
        var any = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = _output.WrittenCount;
            if (any)
            {
                _output.Add((byte)',');
            }

            WriteName(ref reader);
            reader.Read();
            if (WriteValue(ref reader, jsonb))
            {
                any = true;
            }
            else
            {
                _output.Truncate(start);
            }
        }

        _output.Add((byte)'}');
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
                _output.Add((byte)'"');
                JsonText.Escape(jsonb[start..(int)reader.BytesConsumed], _output);
                _output.Add((byte)'"');
                return true;
            default:
                // The bytes of a string are escaped already; numbers and booleans need no escapes.
                _output.Add((byte)'"');
                _output.Write(reader.ValueSpan);
                _output.Add((byte)'"');
                return true;
        }
    }

    private void WriteName(ref Utf8JsonReader reader)
    {
        _output.Add((byte)'"');
        if (reader.ValueIsEscaped)
        {
            // Unescaped first, because an escape can stand for one of the special characters.
            var name = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
            AppendName(name.AsSpan(0, JsonText.Unescape(reader.ValueSpan, name, out _)));
            ArrayPool<byte>.Shared.Return(name);
        }
        else
        {
            AppendName(reader.ValueSpan);
        }

        _output.Write("\":"u8);
    }

    private void AppendName(ReadOnlySpan<byte> name)
    {
        int at;
        while ((at = name.IndexOfAny(InName)) >= 0)
        {
            JsonText.Escape(name[..at], _output);
            _output.Write(name[at] == '%' ? "%25"u8 : name[at] == '.' ? "%2E"u8 : "%60"u8);
            name = name[(at + 1)..];
        }

        JsonText.Escape(name, _output);
    }
}

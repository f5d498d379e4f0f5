using System.Text.Json;
using Bxb.Primitives.Json;

namespace Bxb.Ingestion.Reading;

/// <summary>Texts about the JSON of a body.</summary>
internal static class JsonKind
{
    /// <summary>The fault of a text that UTF-8 cannot represent.</summary>
    public const string LoneSurrogate = "contains half of a surrogate pair, which is no character";

    /// <summary>Returns the kind of value that a token begins.</summary>
    public static string Of(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "text",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "true or false",
    };

    /// <summary>Returns the name at the reader, without escapes; with them if one is half of a surrogate pair. Allocates; for rare cases.</summary>
    public static ReadOnlySpan<byte> Name(ref Utf8JsonReader json)
    {
        if (!json.ValueIsEscaped)
        {
            return json.ValueSpan;
        }

        var name = new byte[json.ValueSpan.Length];
        var length = JsonText.Unescape(json.ValueSpan, name, out var flaws);
        return (flaws & TextFlaws.LoneSurrogate) == 0 ? name.AsSpan(0, length) : json.ValueSpan;
    }
}

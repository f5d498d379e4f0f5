using System.Text.Json;

namespace Bxb.Ingestion.Readers;

/// <summary>Words for what stands in a body.</summary>
internal static class JsonKind
{
    /// <summary>The fault of a text that no UTF-8 can hold.</summary>
    public const string LoneSurrogate = "holds half of a surrogate pair, which is no character";

    /// <summary>The kind of value that a token begins.</summary>
    public static string Of(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "text",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "true or false",
    };

    /// <summary>The name that the reader stands on, without escapes; as it is written where it cannot be unescaped. Off the hot path.</summary>
    public static ReadOnlySpan<byte> Name(ref Utf8JsonReader json)
    {
        if (!json.ValueIsEscaped)
        {
            return json.ValueSpan;
        }

        var name = new byte[json.ValueSpan.Length];
        return JsonText.TryUnescape(json.ValueSpan, name, out var length) ? name.AsSpan(0, length) : json.ValueSpan;
    }
}

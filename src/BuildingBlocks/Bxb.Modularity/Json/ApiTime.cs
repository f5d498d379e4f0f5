using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bxb.Primitives.Time;

namespace Bxb.Modularity.Json;

/// <summary>Times in answers: ISO 8601, UTC, with milliseconds unless they are 0.</summary>
public static class ApiTime
{
    /// <summary>Formats a time, cut to the millisecond.</summary>
    public static string Format(DateTimeOffset time)
    {
        Span<byte> text = stackalloc byte[UtcTime.Length];
        UtcTime.Write(time.ToUnixTimeMilliseconds(), text);
        return text[^4..].SequenceEqual("000Z"u8) ? string.Concat(Encoding.ASCII.GetString(text[..^5]), "Z") : Encoding.ASCII.GetString(text);
    }
}

/// <summary>Writes a <see cref="DateTimeOffset"/> by <see cref="ApiTime"/>; reads it by <see cref="QueryTime"/>, where a local time is UTC.</summary>
public sealed class ApiTimeConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc />
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => reader.TokenType == JsonTokenType.String && QueryTime.TryParse(reader.GetString(), out var time) ? time.Utc : throw new JsonException();

    /// <inheritdoc />
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(ApiTime.Format(value));
    }
}

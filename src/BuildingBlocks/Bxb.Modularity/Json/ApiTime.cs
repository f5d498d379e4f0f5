using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bxb.Modularity.Json;

/// <summary>Times as the API writes them: UTC, ISO 8601, milliseconds only where there are some.</summary>
public static class ApiTime
{
    /// <summary>The most bytes that <see cref="Format(long, Span{byte})"/> writes.</summary>
    public const int MaxLength = 24;

    /// <summary>The text of a time, cut to the millisecond.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString(
        time.UtcTicks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMillisecond == 0 ? "yyyy-MM-ddTHH:mm:ssZ" : "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    /// <summary>Writes milliseconds since 1970-01-01T00:00:00Z as UTF-8 and returns the number of bytes.</summary>
    /// <param name="unixMilliseconds">Milliseconds since the Unix epoch, within the years 1 to 9999.</param>
    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    public static int Format(long unixMilliseconds, Span<byte> destination)
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds).UtcDateTime;
        time.TryFormat(destination, out var written, unixMilliseconds % 1000 == 0 ? "yyyy-MM-ddTHH:mm:ssZ" : "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        return written;
    }
}

/// <summary>Writes a <see cref="DateTimeOffset"/> by <see cref="ApiTime"/>; reads it by <see cref="QueryTime"/>, a local one in UTC.</summary>
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

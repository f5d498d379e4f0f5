using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Bxb.Riders.Kafka.Records;

/// <summary>
/// A note that stands in the topic in the place of a record that is too large for it, as <c>schemas/usage-event-omitted.v1.json</c> defines it. The event itself is in the log, at the
/// note's position.
/// </summary>
internal static class OmittedEvent
{
    /// <summary>The format's name and major version.</summary>
    public const string Schema = "usage-event-omitted.v1";

    private static ReadOnlySpan<byte> Beginning => "{\"schema\":\"usage-event-omitted.v1\",\"position\":"u8;

    /// <summary>The note as UTF-8 JSON.</summary>
    /// <param name="position">The record's position in the log.</param>
    /// <param name="bytes">The record's size.</param>
    /// <param name="limit">The largest size that the topic takes.</param>
    public static byte[] Write(long position, int bytes, int limit) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"schema":"{{Schema}}","position":{{position}},"bytes":{{bytes}},"limit":{{limit}}}"""));

    /// <summary>The position of the omitted record; false when a value is no note.</summary>
    public static bool TryReadPosition(ReadOnlySpan<byte> value, out long position)
    {
        position = 0;
        return value.StartsWith(Beginning) && Utf8Parser.TryParse(value[Beginning.Length..], out position, out _) && position > 0;
    }
}

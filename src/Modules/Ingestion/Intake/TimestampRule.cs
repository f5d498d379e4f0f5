namespace Bxb.Ingestion.Intake;

/// <summary>What can be wrong with a timestamp.</summary>
internal enum TimestampFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Neither ISO 8601 nor Unix seconds.</summary>
    Malformed,

    /// <summary>ISO 8601 without the offset, so that it names no instant.</summary>
    NoOffset,

    /// <summary>Well written, but no calendar or clock has it.</summary>
    NoSuchTime,

    /// <summary>Before 1970.</summary>
    BeforeEpoch,

    /// <summary>Further ahead of now than is allowed.</summary>
    TooFarAhead,
}

/// <summary>An event's timestamp: text as ISO 8601 or Unix seconds, or a number, to milliseconds that lie within bounds.</summary>
internal static class TimestampRule
{
    /// <summary>Reads the text of a timestamp.</summary>
    /// <param name="text">The text, unescaped.</param>
    /// <param name="latest">The last millisecond that is allowed.</param>
    /// <param name="milliseconds">Milliseconds since the Unix epoch; only with <see cref="TimestampFault.None"/>.</param>
    public static TimestampFault ReadText(ReadOnlySpan<byte> text, long latest, out long milliseconds)
    {
        // No number has a digit-dash or digit-colon in its fifth place, and every calendar time does.
        var fault = text.Length > 4 && text[4] == '-' && text[3] is >= (byte)'0' and <= (byte)'9' ? CalendarTime.Read(text, out milliseconds) : UnixSeconds.Read(text, out milliseconds);
        return fault == TimestampFault.None ? Bound(milliseconds, latest) : fault;
    }

    /// <summary>Reads a timestamp that came as a JSON number.</summary>
    public static TimestampFault ReadNumber(ReadOnlySpan<byte> number, long latest, out long milliseconds)
    {
        var fault = UnixSeconds.Read(number, out milliseconds);
        return fault == TimestampFault.None ? Bound(milliseconds, latest) : fault;
    }

    /// <summary>The sentence for a person.</summary>
    public static string Describe(TimestampFault fault) => fault switch
    {
        TimestampFault.NoOffset => "must end with an offset from UTC, such as Z or +02:00",
        TimestampFault.NoSuchTime => "is no date and time that exists",
        TimestampFault.BeforeEpoch => "must not lie before 1970-01-01T00:00:00Z",
        TimestampFault.TooFarAhead => "lies too far in the future (numbers are Unix seconds, not milliseconds)",
        _ => "must be ISO 8601 with an offset, such as 2026-01-01T00:00:00Z, or Unix seconds",
    };

    private static TimestampFault Bound(long milliseconds, long latest)
    {
        if (milliseconds < 0)
        {
            return TimestampFault.BeforeEpoch;
        }

        return milliseconds > latest ? TimestampFault.TooFarAhead : TimestampFault.None;
    }
}

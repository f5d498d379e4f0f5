using Bxb.Primitives.Time;

namespace Bxb.Ingestion.Rules;

/// <summary>Reads the timestamp of an event, ISO 8601 or Unix seconds, and checks its range.</summary>
internal static class TimestampRule
{
    /// <summary>Reads the text of a timestamp.</summary>
    /// <param name="text">The text, unescaped.</param>
    /// <param name="latest">The latest time allowed, in milliseconds since the Unix epoch.</param>
    /// <param name="milliseconds">Milliseconds since the Unix epoch; only with <see cref="TimestampFault.None"/>.</param>
    public static TimestampFault ReadText(ReadOnlySpan<byte> text, long latest, out long milliseconds)
    {
        var fault = CalendarTime.Begins(text) ? CalendarTime.Read(text, out milliseconds) : UnixSeconds.Read(text, out milliseconds);
        return fault == TimestampFault.None ? Bound(milliseconds, latest) : fault;
    }

    /// <summary>Reads a timestamp that is a JSON number.</summary>
    public static TimestampFault ReadNumber(ReadOnlySpan<byte> number, long latest, out long milliseconds)
    {
        var fault = UnixSeconds.Read(number, out milliseconds);
        return fault == TimestampFault.None ? Bound(milliseconds, latest) : fault;
    }

    /// <summary>Returns the fault as a predicate.</summary>
    public static string Describe(TimestampFault fault) => fault switch
    {
        TimestampFault.NoOffset => "must end with an offset from UTC, such as Z or +02:00",
        TimestampFault.NoSuchTime => "is not an existing date and time",
        TimestampFault.BeforeEpoch => "must not be before 1970-01-01T00:00:00Z",
        TimestampFault.TooFarAhead => "is too far in the future (numbers are Unix seconds, not milliseconds)",
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

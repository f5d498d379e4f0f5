namespace Bxb.Primitives.Time;

/// <summary>Reads ISO 8601 date-times with an offset, <c>2026-01-01T00:00:00.125+05:45</c>, from bytes to milliseconds since the Unix epoch.</summary>
/// <remarks>
/// Extended format; seconds may be left out; a fraction may have any number of digits, after a point or a comma, and is cut at the millisecond; <c>T</c> and
/// <c>Z</c> in either case; offsets <c>±hh:mm</c>, <c>±hhmm</c>, <c>±hh</c> below 24 h. <c>24:00</c> is refused. A leap second, <c>:60</c>, is taken where
/// there can be one, at 23:59 UTC on the last day of a month, and counts as the first second after it, as in Unix time.
/// </remarks>
public static class CalendarTime
{
    private const long MillisecondsPerDay = 86_400_000;
    private const int DateLength = 10;

    /// <summary>Whether a text begins like a date: a digit and a dash at the fourth and fifth place.</summary>
    public static bool Begins(ReadOnlySpan<byte> text) => text.Length > 4 && text[4] == '-' && text[3] is >= (byte)'0' and <= (byte)'9';

    /// <summary>Reads a date-time with an offset.</summary>
    /// <param name="text">The whole text; nothing may stand before or after the time.</param>
    /// <param name="milliseconds">Milliseconds since the Unix epoch, negative before it.</param>
    public static TimestampFault Read(ReadOnlySpan<byte> text, out long milliseconds)
    {
        var fault = Read(text, out milliseconds, out var isLocal);
        return fault != TimestampFault.None || !isLocal ? fault : text.Length > DateLength ? TimestampFault.NoOffset : TimestampFault.Malformed;
    }

    /// <summary>Reads a date-time with or without an offset, or a date, which is its midnight.</summary>
    /// <param name="text">The whole text; nothing may stand before or after the time.</param>
    /// <param name="milliseconds">Milliseconds since the Unix epoch, negative before it; of a local time as if its zone were UTC.</param>
    /// <param name="isLocal">Whether the text has no offset.</param>
    public static TimestampFault Read(ReadOnlySpan<byte> text, out long milliseconds, out bool isLocal)
    {
        isLocal = false;
        if (UtcTime.TryRead(text, out milliseconds))
        {
            return TimestampFault.None;
        }

        var at = 0;
        if (!Digits(text, ref at, 4, out var year) || !Skip(text, ref at, (byte)'-') || !Digits(text, ref at, 2, out var month) || !Skip(text, ref at, (byte)'-')
            || !Digits(text, ref at, 2, out var day) || (at < text.Length && !Skip(text, ref at, (byte)'T') && !Skip(text, ref at, (byte)'t')))
        {
            return TimestampFault.Malformed;
        }

        int hour = 0, minute = 0, second = 0, fraction = 0;
        if (text.Length > DateLength && (!Digits(text, ref at, 2, out hour) || !Skip(text, ref at, (byte)':') || !Digits(text, ref at, 2, out minute)))
        {
            return TimestampFault.Malformed;
        }

        if (Skip(text, ref at, (byte)':') && (!Digits(text, ref at, 2, out second) || !Fraction(text, ref at, out fraction)))
        {
            return TimestampFault.Malformed;
        }

        isLocal = at == text.Length;
        var offset = Offset(text[at..], out var offsetMinutes);
        if (offset != TimestampFault.None)
        {
            return offset;
        }

        if (month is < 1 or > 12 || year < 1 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
        {
            return TimestampFault.NoSuchTime;
        }

        var days = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks / TimeSpan.TicksPerDay - DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerDay;
        var minutes = days * 1440 + hour * 60 + minute - offsetMinutes;
        if (second == 60 && !CanBeLeapMinute(minutes))
        {
            return TimestampFault.NoSuchTime;
        }

        milliseconds = minutes * 60_000 + second * 1000 + fraction;
        return TimestampFault.None;
    }

    /// <summary>Whether the minute after this one begins a month in UTC.</summary>
    private static bool CanBeLeapMinute(long minutes)
    {
        var next = (minutes + 1) * 60_000;
        return next % MillisecondsPerDay == 0 && next is > 0 and < 253_402_300_800_000 && DateTime.UnixEpoch.AddMilliseconds(next).Day == 1;
    }

    private static bool Fraction(ReadOnlySpan<byte> text, ref int at, out int milliseconds)
    {
        milliseconds = 0;
        if (at == text.Length || text[at] is not ((byte)'.' or (byte)','))
        {
            return true;
        }

        var first = ++at;
        while (at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9')
        {
            at++;
        }

        for (var i = 0; i < 3; i++)
        {
            milliseconds = milliseconds * 10 + (first + i < at ? text[first + i] - '0' : 0);
        }

        return at > first;
    }

    private static TimestampFault Offset(ReadOnlySpan<byte> rest, out int minutes)
    {
        minutes = 0;
        if (rest.IsEmpty)
        {
            return TimestampFault.None;
        }

        if ((rest[0] | 0x20) == 'z')
        {
            return rest.Length == 1 ? TimestampFault.None : TimestampFault.Malformed;
        }

        var at = 1;
        if (rest[0] is not ((byte)'+' or (byte)'-') || !Digits(rest, ref at, 2, out var hours))
        {
            return TimestampFault.Malformed;
        }

        var minute = 0;
        if (at < rest.Length)
        {
            Skip(rest, ref at, (byte)':');
            if (!Digits(rest, ref at, 2, out minute) || at != rest.Length)
            {
                return TimestampFault.Malformed;
            }
        }

        minutes = (hours * 60 + minute) * (rest[0] == '-' ? -1 : 1);
        return hours > 23 || minute > 59 ? TimestampFault.NoSuchTime : TimestampFault.None;
    }

    private static bool Skip(ReadOnlySpan<byte> text, ref int at, byte expected)
    {
        if (at >= text.Length || text[at] != expected)
        {
            return false;
        }

        at++;
        return true;
    }

    private static bool Digits(ReadOnlySpan<byte> text, ref int at, int count, out int value)
    {
        value = 0;
        if (text.Length - at < count)
        {
            return false;
        }

        for (var end = at + count; at < end; at++)
        {
            var digit = text[at] - '0';
            if ((uint)digit > 9)
            {
                return false;
            }

            value = value * 10 + digit;
        }

        return true;
    }
}

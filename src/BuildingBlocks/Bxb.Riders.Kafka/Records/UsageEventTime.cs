using System.Runtime.CompilerServices;

namespace Bxb.Riders.Kafka.Records;

/// <summary>Times of a record: <c>2026-01-31T23:59:59.123Z</c>, always UTC, always with milliseconds, always 24 bytes.</summary>
internal static class UsageEventTime
{
    /// <summary>Bytes of every time from the year 1 to 9999.</summary>
    public const int Length = 24;

    private const long UnixEpochDays = 719_162;

    /// <summary>Writes milliseconds since the Unix epoch.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Before the year 1 or after 9999.</exception>
    public static void Write(long unixMilliseconds, Span<byte> destination)
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds).UtcDateTime;
        time.Deconstruct(out DateOnly date, out TimeOnly clock);
        var (year, month, day) = date;
        destination[23] = (byte)'Z';
        Digits(destination[..4], year);
        destination[4] = (byte)'-';
        Digits(destination[5..7], month);
        destination[7] = (byte)'-';
        Digits(destination[8..10], day);
        destination[10] = (byte)'T';
        Digits(destination[11..13], clock.Hour);
        destination[13] = (byte)':';
        Digits(destination[14..16], clock.Minute);
        destination[16] = (byte)':';
        Digits(destination[17..19], clock.Second);
        destination[19] = (byte)'.';
        Digits(destination[20..23], clock.Millisecond);
    }

    /// <summary>Reads what <see cref="Write"/> wrote; false for any other spelling, and for times that do not exist.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out long unixMilliseconds)
    {
        unixMilliseconds = 0;
        if (text.Length != Length || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != '.' || text[23] != 'Z')
        {
            return false;
        }

        var wrong = 0u;
        var year = (Two(text, 0, ref wrong) * 100) + Two(text, 2, ref wrong);
        var month = Two(text, 5, ref wrong);
        var day = Two(text, 8, ref wrong);
        var hour = Two(text, 11, ref wrong);
        var minute = Two(text, 14, ref wrong);
        var second = Two(text, 17, ref wrong);
        var millisecond = (Two(text, 20, ref wrong) * 10) + One(text, 22, ref wrong);
        if (wrong != 0 || year == 0 || month - 1 > 11 || day - 1 > 30 || hour > 23 || minute > 59 || second > 59 || day > DateTime.DaysInMonth((int)year, (int)month))
        {
            return false;
        }

        var days = DaysBefore((int)year, (int)month) + day - 1 - UnixEpochDays;
        unixMilliseconds = (((((((days * 24) + hour) * 60) + minute) * 60) + second) * 1000) + millisecond;
        return true;
    }

    // Days from 0001-01-01 to a month's first, by the rule that a year that begins in March has its leap day last.
    private static long DaysBefore(int year, int month)
    {
        var shifted = month < 3 ? year - 1 : year;
        var marchDays = ((153 * ((month + 9) % 12)) + 2) / 5;
        return (365L * shifted) + (shifted / 4) - (shifted / 100) + (shifted / 400) + marchDays - 306;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Two(ReadOnlySpan<byte> text, int at, ref uint wrong) => (One(text, at, ref wrong) * 10) + One(text, at + 1, ref wrong);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint One(ReadOnlySpan<byte> text, int at, ref uint wrong)
    {
        var digit = (uint)text[at] - '0';
        wrong |= digit > 9 ? 1u : 0u;
        return digit;
    }

    private static void Digits(Span<byte> to, int value)
    {
        for (var i = to.Length - 1; i >= 0; i--)
        {
            to[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }
}

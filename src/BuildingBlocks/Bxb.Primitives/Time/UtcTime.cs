using System.Buffers.Binary;

namespace Bxb.Primitives.Time;

/// <summary>Times of one fixed form, 24 bytes: <c>2026-01-31T23:59:59.123Z</c>.</summary>
public static class UtcTime
{
    /// <summary>Bytes of every time from the year 1 to 9999.</summary>
    public const int Length = 24;

    private const long UnixEpochDays = 719_162;

    // The parts of the text as little-endian words, with 0 for every digit; and for each byte the number that sets its highest bit if the byte is too large.
    private const ulong HighBits = 0x8080808080808080;
    private const ulong DigitLimit = 0x7F - 9;
    private const ulong SeparatorLimit = 0x7F;
    private static readonly ulong YearMonth = Word("0000-00-"u8);
    private static readonly ulong DayMinute = Word("00T00:00"u8);
    private static readonly ulong Second = Word(":00.000Z"u8);
    private static readonly ulong YearMonthDigits = Limits("0000-00-"u8);
    private static readonly ulong DayMinuteDigits = Limits("00T00:00"u8);
    private static readonly ulong SecondDigits = Limits(":00.000Z"u8);

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

    /// <summary>Reads the form of <see cref="Write"/>. Returns false for any other form and for times that do not exist.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out long unixMilliseconds)
    {
        unixMilliseconds = 0;
        if (text.Length != Length)
        {
            return false;
        }

        // Eight bytes at once: after XOR every digit is below ten and every separator is 0.
        var yearMonth = BinaryPrimitives.ReadUInt64LittleEndian(text) ^ YearMonth;
        var dayMinute = BinaryPrimitives.ReadUInt64LittleEndian(text[8..]) ^ DayMinute;
        var second = BinaryPrimitives.ReadUInt64LittleEndian(text[16..]) ^ Second;
        if (((Above(yearMonth, YearMonthDigits) | Above(dayMinute, DayMinuteDigits) | Above(second, SecondDigits)) & HighBits) != 0)
        {
            return false;
        }

        var year = (Two(yearMonth, 0) * 100) + Two(yearMonth, 2);
        var (month, day, hour, minute) = (Two(yearMonth, 5), Two(dayMinute, 0), Two(dayMinute, 3), Two(dayMinute, 6));
        var (seconds, milliseconds) = (Two(second, 1), (Two(second, 4) * 10) + Digit(second, 6));
        if (year == 0 || month - 1 > 11 || day - 1 > 30 || hour > 23 || minute > 59 || seconds > 59 || day > DateTime.DaysInMonth((int)year, (int)month))
        {
            return false;
        }

        var days = DaysBefore((int)year, (int)month) + day - 1 - UnixEpochDays;
        unixMilliseconds = (((((((days * 24) + hour) * 60) + minute) * 60) + seconds) * 1000) + milliseconds;
        return true;
    }

    // Days from 0001-01-01 to a month's first, by the rule that a year that begins in March has its leap day last.
    private static long DaysBefore(int year, int month)
    {
        var shifted = month < 3 ? year - 1 : year;
        var marchDays = ((153 * ((month + 9) % 12)) + 2) / 5;
        return (365L * shifted) + (shifted / 4) - (shifted / 100) + (shifted / 400) + marchDays - 306;
    }

    // Sets the highest bit of each byte that exceeds its limit, 9 for a digit and 0 for a separator, or has that bit.
    private static ulong Above(ulong bytes, ulong limits) => (bytes + limits) | bytes;

    private static uint Two(ulong bytes, int at) => (Digit(bytes, at) * 10) + Digit(bytes, at + 1);

    private static uint Digit(ulong bytes, int at) => (byte)(bytes >> (8 * at));

    private static ulong Word(ReadOnlySpan<byte> pattern) => BinaryPrimitives.ReadUInt64LittleEndian(pattern);

    private static ulong Limits(ReadOnlySpan<byte> pattern)
    {
        var limits = 0UL;
        for (var i = 0; i < pattern.Length; i++)
        {
            limits |= (pattern[i] == '0' ? DigitLimit : SeparatorLimit) << (8 * i);
        }

        return limits;
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

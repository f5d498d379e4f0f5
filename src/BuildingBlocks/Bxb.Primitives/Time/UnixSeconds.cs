namespace Bxb.Primitives.Time;

/// <summary>Reads Unix seconds, a JSON number with any fraction and exponent, as milliseconds. Uses the digits themselves, so that nothing is rounded.</summary>
public static class UnixSeconds
{
    /// <summary>The number of digits of the last millisecond of the year 9999.</summary>
    private const int MostDigits = 15;

    /// <summary>Reads the text.</summary>
    /// <param name="text">The whole text, by the grammar of JSON numbers.</param>
    /// <param name="milliseconds">Milliseconds since the Unix epoch, without further digits; also set with <see cref="TimestampFault.BeforeEpoch"/>.</param>
    public static TimestampFault Read(ReadOnlySpan<byte> text, out long milliseconds)
    {
        milliseconds = 0;
        var at = 0;
        var negative = text.Length > 0 && text[0] == '-';
        at += negative ? 1 : 0;

        // The value is 0.d1 d2 d3 ... times ten to the power of 'point', d1 not being zero. Digits past the fifteenth cannot reach a millisecond.
        Span<byte> digits = stackalloc byte[MostDigits];
        var kept = 0;
        long point = 0;
        var whole = at;
        for (; at < text.Length && IsDigit(text[at]); at++)
        {
            Keep(digits, ref kept, text[at]);
            point += kept > 0 ? 1 : 0;
        }

        if (at == whole || (at - whole > 1 && text[whole] == '0'))
        {
            return TimestampFault.Malformed;
        }

        if (at < text.Length && text[at] == '.')
        {
            var fraction = ++at;
            for (; at < text.Length && IsDigit(text[at]); at++)
            {
                Keep(digits, ref kept, text[at]);
                point -= kept == 0 ? 1 : 0;
            }

            if (at == fraction)
            {
                return TimestampFault.Malformed;
            }
        }

        if (!Exponent(text[at..], out var exponent))
        {
            return TimestampFault.Malformed;
        }

        if (kept == 0)
        {
            return TimestampFault.None;
        }

        var length = point + exponent + 3;
        if (length > MostDigits)
        {
            milliseconds = negative ? long.MinValue : 0;
            return negative ? TimestampFault.BeforeEpoch : TimestampFault.TooFarAhead;
        }

        for (var i = 0; i < length; i++)
        {
            milliseconds = milliseconds * 10 + (i < kept ? digits[i] : 0);
        }

        milliseconds = negative ? -milliseconds : milliseconds;
        return negative ? TimestampFault.BeforeEpoch : TimestampFault.None;
    }

    private static void Keep(Span<byte> digits, ref int kept, byte digit)
    {
        if (kept < MostDigits && (kept > 0 || digit != '0'))
        {
            digits[kept++] = (byte)(digit - '0');
        }
    }

    /// <summary>Reads the rest after the digits: nothing, or an exponent, which is bounded to avoid an overflow.</summary>
    private static bool Exponent(ReadOnlySpan<byte> rest, out long exponent)
    {
        const long farAway = 1L << 40;
        exponent = 0;
        if (rest.IsEmpty)
        {
            return true;
        }

        if ((rest[0] | 0x20) != 'e')
        {
            return false;
        }

        var at = 1;
        var sign = at < rest.Length && rest[at] is (byte)'+' or (byte)'-' ? rest[at++] : (byte)'+';
        var first = at;
        for (; at < rest.Length && IsDigit(rest[at]); at++)
        {
            exponent = Math.Min(exponent * 10 + (rest[at] - '0'), farAway);
        }

        exponent = sign == '-' ? -exponent : exponent;
        return at > first && at == rest.Length;
    }

    private static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';
}

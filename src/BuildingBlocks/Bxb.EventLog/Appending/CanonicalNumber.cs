namespace Bxb.EventLog.Appending;

/// <summary>Writes JSON numbers the way PostgreSQL's jsonb prints them: plain, every given decimal place kept, no minus before a zero.</summary>
internal static class CanonicalNumber
{
    // Beyond any limit on digits, and far from overflow when added to a length.
    private const long ExponentBound = 1L << 40;

    /// <summary>Writes a number. Returns false if it has more digits than allowed.</summary>
    /// <param name="number">A number by JSON's grammar.</param>
    /// <param name="maxDigits">Maximum number of digits of the plain form, before and after the point.</param>
    /// <param name="to">At least two bytes longer than <paramref name="maxDigits"/>.</param>
    /// <param name="written">Bytes written; 0 when false.</param>
    public static bool TryWrite(ReadOnlySpan<byte> number, int maxDigits, Span<byte> to, out int written)
    {
        written = 0;
        var negative = number[0] == '-';
        var rest = negative ? number[1..] : number;
        var exponentAt = rest.IndexOfAny((byte)'e', (byte)'E');
        var mantissa = exponentAt < 0 ? rest : rest[..exponentAt];
        var exponent = exponentAt < 0 ? 0 : ParseExponent(rest[(exponentAt + 1)..]);
        var pointAt = mantissa.IndexOf((byte)'.');
        var whole = pointAt < 0 ? mantissa : mantissa[..pointAt];
        var fraction = pointAt < 0 ? [] : mantissa[(pointAt + 1)..];
        var digits = new Digits(whole, fraction);
        var zero = digits.FirstNonZero == digits.Length;

        // The place of the point after the exponent has moved it, in digits from the first one.
        var point = whole.Length + exponent;
        var decimals = Math.Max(0, digits.Length - point);
        var first = zero ? point - 1 : Math.Min(digits.FirstNonZero, point - 1);
        if (point - first + decimals > maxDigits)
        {
            return false;
        }

        if (negative && !zero)
        {
            to[written++] = (byte)'-';
        }

        for (var i = first; i < point; i++)
        {
            to[written++] = digits[i];
        }

        if (decimals > 0)
        {
            to[written++] = (byte)'.';
            for (var i = point; i < point + decimals; i++)
            {
                to[written++] = digits[i];
            }
        }

        return true;
    }

    private static long ParseExponent(ReadOnlySpan<byte> text)
    {
        var negative = text[0] == '-';
        long value = 0;
        foreach (var c in text[0] is (byte)'-' or (byte)'+' ? text[1..] : text)
        {
            value = Math.Min((value * 10) + (c - '0'), ExponentBound);
        }

        return negative ? -value : value;
    }

    /// <summary>The digits of a mantissa without its point. All indexes outside are zeros.</summary>
    private readonly ref struct Digits(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction)
    {
        private readonly ReadOnlySpan<byte> _whole = whole;
        private readonly ReadOnlySpan<byte> _fraction = fraction;

        public int Length => _whole.Length + _fraction.Length;

        /// <summary>The first digit that is not zero; <see cref="Length"/> when all are.</summary>
        public int FirstNonZero
        {
            get
            {
                var inWhole = _whole.IndexOfAnyExcept((byte)'0');
                if (inWhole >= 0)
                {
                    return inWhole;
                }

                var inFraction = _fraction.IndexOfAnyExcept((byte)'0');
                return inFraction >= 0 ? _whole.Length + inFraction : Length;
            }
        }

        public byte this[long index] => index < 0 || index >= Length ? (byte)'0'
            : index < _whole.Length ? _whole[(int)index] : _fraction[(int)index - _whole.Length];
    }
}

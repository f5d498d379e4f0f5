using System.Globalization;
using System.Numerics;
using Bxb.Management.Contracts;

namespace Bxb.Analytics.Queries;

/// <summary>An exact decimal with 18 fractional digits and any number of integer digits.</summary>
/// <param name="Units">The quantity multiplied by 10^18.</param>
internal readonly record struct Quantity(BigInteger Units)
{
    /// <summary>Number of fractional digits.</summary>
    public const int Scale = 18;

    private static readonly BigInteger One = BigInteger.Pow(10, Scale);

    public static Quantity Zero => new(BigInteger.Zero);

    /// <summary>Parses a plain decimal as the stores return it. More than 18 fractional digits are rounded half away from zero.</summary>
    /// <exception cref="FormatException">The text is not a plain decimal.</exception>
    public static Quantity Parse(string text)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        if (point < 0)
        {
            return new(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) * One);
        }

        var digits = BigInteger.Parse(string.Concat(text.AsSpan(0, point), text.AsSpan(point + 1)), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var places = text.Length - point - 1;
        return new(places <= Scale ? digits * BigInteger.Pow(10, Scale - places) : Divide(digits, BigInteger.Pow(10, places - Scale), RoundingFunction.Round));
    }

    /// <summary>Divides by a whole number above 0; rounded half away from zero to 18 fractional digits.</summary>
    public Quantity DivideBy(long divisor) => new(Divide(Units, divisor, RoundingFunction.Round));

    /// <summary>Rounds to a number of fractional digits.</summary>
    /// <param name="function">The direction.</param>
    /// <param name="precision">-18 to 18; a negative number rounds integer digits.</param>
    public Quantity Round(RoundingFunction function, int precision)
    {
        var step = BigInteger.Pow(10, Math.Max(0, Scale - precision));
        return new(Divide(Units, step, function) * step);
    }

    /// <summary>Formats as plain decimal: no exponent, no trailing zeros, never <c>-0</c>.</summary>
    public override string ToString()
    {
        var digits = BigInteger.Abs(Units).ToString(CultureInfo.InvariantCulture).PadLeft(Scale + 1, '0');
        var fraction = digits[^Scale..].TrimEnd('0');
        return (Units.Sign < 0 ? "-" : "") + digits[..^Scale] + (fraction.Length > 0 ? "." + fraction : "");
    }

    private static BigInteger Divide(BigInteger number, BigInteger by, RoundingFunction function)
    {
        var quotient = BigInteger.DivRem(number, by, out var rest);
        if (rest.IsZero)
        {
            return quotient;
        }

        var further = function switch
        {
            RoundingFunction.Ceil => rest.Sign > 0,
            RoundingFunction.Floor => rest.Sign < 0,
            _ => BigInteger.Abs(rest) * 2 >= by,
        };
        return further ? quotient + rest.Sign : quotient;
    }
}

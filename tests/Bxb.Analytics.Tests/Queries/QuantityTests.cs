using System.Globalization;
using System.Numerics;
using Bxb.Analytics.Queries;
using Bxb.Management.Contracts;

namespace Bxb.Analytics.Tests.Queries;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("0.000", "0")]
    [InlineData("-0.0", "0")]
    [InlineData("12", "12")]
    [InlineData("12.50", "12.5")]
    [InlineData("-0.5", "-0.5")]
    [InlineData("1000", "1000")]
    [InlineData("0.000000000000000001", "0.000000000000000001")]
    [InlineData("0.0000000000000000005", "0.000000000000000001")]
    [InlineData("-0.0000000000000000005", "-0.000000000000000001")]
    [InlineData("0.00000000000000000049", "0")]
    [InlineData("-0.00000000000000000049", "0")]
    [InlineData("199999999999999999999.999999999999999999", "199999999999999999999.999999999999999999")]
    public void Is_written_plainly(string text, string expected) => Quantity.Parse(text).ToString().ShouldBe(expected);

    [Theory]
    [InlineData("2.5", RoundingFunction.Round, 0, "3")]
    [InlineData("-2.5", RoundingFunction.Round, 0, "-3")]
    [InlineData("2.4999", RoundingFunction.Round, 0, "2")]
    [InlineData("2.0001", RoundingFunction.Ceil, 0, "3")]
    [InlineData("-2.9999", RoundingFunction.Ceil, 0, "-2")]
    [InlineData("2.9999", RoundingFunction.Floor, 0, "2")]
    [InlineData("-2.0001", RoundingFunction.Floor, 0, "-3")]
    [InlineData("-0.4", RoundingFunction.Round, 0, "0")]
    [InlineData("1234.5678", RoundingFunction.Round, 2, "1234.57")]
    [InlineData("1250", RoundingFunction.Round, -2, "1300")]
    [InlineData("1", RoundingFunction.Ceil, -18, "1000000000000000000")]
    [InlineData("0.123456789012345678", RoundingFunction.Round, 18, "0.123456789012345678")]
    public void Is_rounded(string text, RoundingFunction function, int precision, string expected) => Quantity.Parse(text).Round(function, precision).ToString().ShouldBe(expected);

    [Fact]
    public void What_is_written_reads_as_the_same()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = new byte[random.Next(1, 20)];
            random.NextBytes(bytes);
            var quantity = new Quantity(new BigInteger(bytes));
            Quantity.Parse(quantity.ToString()).ShouldBe(quantity, string.Create(CultureInfo.InvariantCulture, $"seed {seed}"));
        }
    }

    [Fact]
    public void Texts_are_ordered_by_their_bytes()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        string[] parts = ["", "a", "b", "é", "\ud7ff", "\ue000", "\uffff", "😀", "\U0010ffff", " "];
        for (var i = 0; i < 5000; i++)
        {
            var (x, y) = (Text(), Text());
            var bytes = System.Text.Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(y));
            Math.Sign(Utf8Order.Instance.Compare(x, y)).ShouldBe(Math.Sign(bytes), $"seed {seed}: {x} {y}");
        }

        string Text() => string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => parts[random.Next(parts.Length)]));
    }
}

using System.Globalization;
using System.Text;
using Bxb.Primitives.Time;

namespace Bxb.Primitives.Tests;

public sealed class CalendarTimeTests
{
    [Theory]
    [InlineData("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z")]
    [InlineData("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999Z")]
    [InlineData("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z")]
    [InlineData("2026-06-30T22:00:00-02:00", "2026-07-01T00:00:00.000Z")]
    [InlineData("2026-06-30T22:00:00-0230", "2026-07-01T00:30:00.000Z")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z")]
    [InlineData("2016-12-31T23:59:60.999Z", "2017-01-01T00:00:00.999Z")]
    public void Times_are_read_to_the_millisecond(string text, string utc)
    {
        CalendarTime.Read(Encoding.ASCII.GetBytes(text), out var milliseconds).ShouldBe(TimestampFault.None);
        milliseconds.ShouldBe(DateTimeOffset.Parse(utc, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds());
    }

    [Fact]
    public void A_fraction_of_any_length_is_cut()
    {
        for (var digits = 1; digits <= 9; digits++)
        {
            CalendarTime.Read(Encoding.ASCII.GetBytes($"1970-01-01T00:00:00.{"987654321"[..digits]}Z"), out var milliseconds).ShouldBe(TimestampFault.None);
            milliseconds.ShouldBe(int.Parse("987"[..Math.Min(digits, 3)].PadRight(3, '0'), CultureInfo.InvariantCulture));
        }
    }

    [Theory]
    [InlineData("2026-01-01T24:00:00.000Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-02-29T00:00:00.000Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-01-15T23:59:60.000Z", TimestampFault.NoSuchTime)]
    [InlineData("0000-01-01T00:00:00.000Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-01-01T00:00:00.000", TimestampFault.NoOffset)]
    [InlineData("2026-01-01 00:00:00.000Z", TimestampFault.Malformed)]
    [InlineData("2026-01-01T00:00:00.0000000", TimestampFault.NoOffset)]
    public void The_fixed_form_has_the_faults_of_every_other_form(string text, TimestampFault fault)
        => CalendarTime.Read(Encoding.ASCII.GetBytes(text), out _).ShouldBe(fault);

    [Fact]
    public void A_lower_case_z_and_an_offset_of_nothing_are_UTC()
    {
        foreach (var end in new[] { "z", "Z", "+00", "-00:00", "+0000" })
        {
            CalendarTime.Read(Encoding.ASCII.GetBytes("1970-01-01T00:00:00.001" + end), out var milliseconds, out var isLocal).ShouldBe(TimestampFault.None);
            (milliseconds, isLocal).ShouldBe((1, false));
        }
    }
}

using System.Text;
using Bxb.Ingestion.Rules;
using Bxb.Primitives.Time;

namespace Bxb.Ingestion.Tests.Rules;

public sealed class TimestampRuleTests
{
    private static readonly long Latest = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Theory]
    [InlineData("2026-01-01T00:00:00Z", 1767225600000)]
    [InlineData("2026-01-01t00:00:00z", 1767225600000)]
    [InlineData("2026-01-01T00:00Z", 1767225600000)]
    [InlineData("2026-01-01T00:00:00.125Z", 1767225600125)]
    [InlineData("2026-01-01T00:00:00,125Z", 1767225600125)]
    [InlineData("2026-01-01T00:00:00.1Z", 1767225600100)]
    [InlineData("2026-01-01T00:00:00.9999999999999999999999Z", 1767225600999)]
    [InlineData("2026-01-01T05:45:00+05:45", 1767225600000)]
    [InlineData("2026-01-01T05:45:00+0545", 1767225600000)]
    [InlineData("2025-12-31T16:00:00-08", 1767225600000)]
    [InlineData("1970-01-01T00:00:00-00:00", 0)]
    [InlineData("1969-12-31T23:00:00-01:00", 0)]
    [InlineData("2024-02-29T00:00:00Z", 1709164800000)]
    [InlineData("2016-12-31T23:59:60Z", 1483228800000)]
    [InlineData("2016-12-31T23:59:60.250Z", 1483228800250)]
    [InlineData("2017-01-01T05:29:60+05:30", 1483228800000)]
    [InlineData("1767225600", 1767225600000)]
    [InlineData("1767225600.125", 1767225600125)]
    [InlineData("1767225600.1259999999999999999999999", 1767225600125)]
    [InlineData("1.7672256e9", 1767225600000)]
    [InlineData("17672256001250E-4", 1767225600125)]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("-0.000e5", 0)]
    [InlineData("0.0009", 0)]
    [InlineData("0.001", 1)]
    [InlineData("1e-999999999999999999999999999", 0)]
    [InlineData("0e999999999999999999999999999", 0)]
    [InlineData("0.000000000000000000000000000001767225600125e39", 1767225600125)]
    public void What_names_an_instant_is_read(string text, long expected)
    {
        TimestampRule.ReadText(Encoding.UTF8.GetBytes(text), Latest, out var milliseconds).ShouldBe(TimestampFault.None);
        milliseconds.ShouldBe(expected);
    }

    [Theory]
    [InlineData("", TimestampFault.Malformed)]
    [InlineData(" 1767225600", TimestampFault.Malformed)]
    [InlineData("1767225600 ", TimestampFault.Malformed)]
    [InlineData("+1767225600", TimestampFault.Malformed)]
    [InlineData("01767225600", TimestampFault.Malformed)]
    [InlineData("1767225600.", TimestampFault.Malformed)]
    [InlineData(".5", TimestampFault.Malformed)]
    [InlineData("-", TimestampFault.Malformed)]
    [InlineData("1e", TimestampFault.Malformed)]
    [InlineData("1e+", TimestampFault.Malformed)]
    [InlineData("0x10", TimestampFault.Malformed)]
    [InlineData("NaN", TimestampFault.Malformed)]
    [InlineData("yesterday", TimestampFault.Malformed)]
    [InlineData("2026-01-01", TimestampFault.Malformed)]
    [InlineData("2026-01-01 00:00:00Z", TimestampFault.Malformed)]
    [InlineData("20260101T000000Z", TimestampFault.Malformed)]
    [InlineData("2026-1-1T00:00:00Z", TimestampFault.Malformed)]
    [InlineData("2026-01-01T00:00:00.Z", TimestampFault.Malformed)]
    [InlineData("2026-01-01T00:00:00ZZ", TimestampFault.Malformed)]
    [InlineData("2026-01-01T00:00:00+2", TimestampFault.Malformed)]
    [InlineData("2026-01-01T00:00:00+02:", TimestampFault.Malformed)]
    [InlineData("2026-01-01T00:00:00+02:0", TimestampFault.Malformed)]
    [InlineData("2026-01-01T00:00:00", TimestampFault.NoOffset)]
    [InlineData("2026-01-01T00:00", TimestampFault.NoOffset)]
    [InlineData("2026-01-01T00:00:00.5", TimestampFault.NoOffset)]
    [InlineData("2026-02-29T00:00:00Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-13-01T00:00:00Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-00-01T00:00:00Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-01-00T00:00:00Z", TimestampFault.NoSuchTime)]
    [InlineData("0000-01-01T00:00:00Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-01-01T24:00:00Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-01-01T00:60:00Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-01-01T00:00:60Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-01-15T23:59:60Z", TimestampFault.NoSuchTime)]
    [InlineData("9999-12-31T23:59:60Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-01-01T00:00:61Z", TimestampFault.NoSuchTime)]
    [InlineData("2026-01-01T00:00:00+24:00", TimestampFault.NoSuchTime)]
    [InlineData("2026-01-01T00:00:00+00:60", TimestampFault.NoSuchTime)]
    [InlineData("1969-12-31T23:59:59.9999Z", TimestampFault.BeforeEpoch)]
    [InlineData("0001-01-01T00:00:00+23:59", TimestampFault.BeforeEpoch)]
    [InlineData("-1", TimestampFault.BeforeEpoch)]
    [InlineData("-0.0000001", TimestampFault.BeforeEpoch)]
    [InlineData("-1e999999999999999999999", TimestampFault.BeforeEpoch)]
    [InlineData("1767225600000", TimestampFault.TooFarAhead)]
    [InlineData("1e999999999999999999999", TimestampFault.TooFarAhead)]
    [InlineData("1e1131071", TimestampFault.TooFarAhead)]
    [InlineData("2100-01-01T00:00:00.001Z", TimestampFault.TooFarAhead)]
    [InlineData("9999-12-31T23:59:59-23:59", TimestampFault.TooFarAhead)]
    internal void What_names_none_is_refused_by_its_fault(string text, TimestampFault expected)
        => TimestampRule.ReadText(Encoding.UTF8.GetBytes(text), Latest, out _).ShouldBe(expected);

    [Fact]
    public void The_last_allowed_millisecond_is_allowed()
    {
        TimestampRule.ReadText("2100-01-01T00:00:00Z"u8, Latest, out var milliseconds).ShouldBe(TimestampFault.None);
        milliseconds.ShouldBe(Latest);
    }
}

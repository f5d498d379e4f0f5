using System.Globalization;
using Bxb.Modularity.Json;

namespace Bxb.Modularity.Tests;

public sealed class QueryTimeTests
{
    [Theory]
    [InlineData("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", false)]
    [InlineData("2026-01-01T00:00z", "2026-01-01T00:00:00.000Z", false)]
    [InlineData("2026-01-01T00:00:00.1259+02:00", "2025-12-31T22:00:00.125Z", false)]
    [InlineData("2026-01-01T00:00:00 02:00", "2025-12-31T22:00:00.000Z", false)]
    [InlineData("2026-01-01T00:00:00+0200", "2025-12-31T22:00:00.000Z", false)]
    [InlineData("2026-01-01t00:00:00-02", "2026-01-01T02:00:00.000Z", false)]
    [InlineData("1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000Z", false)]
    [InlineData("1767225600", "2026-01-01T00:00:00.000Z", false)]
    [InlineData("1.7672256005e9", "2026-01-01T00:00:00.500Z", false)]
    [InlineData("-1", "1969-12-31T23:59:59.000Z", false)]
    [InlineData("-0.25", "1969-12-31T23:59:59.750Z", false)]
    [InlineData("0", "1970-01-01T00:00:00.000Z", false)]
    [InlineData("2026-01-01", "2026-01-01T00:00:00.000Z", true)]
    [InlineData("2026-01-01T10:30", "2026-01-01T10:30:00.000Z", true)]
    [InlineData("2026-01-01T10:30:15,5", "2026-01-01T10:30:15.500Z", true)]
    [InlineData("0001-01-01", "0001-01-01T00:00:00.000Z", true)]
    [InlineData("-62135596800", "0001-01-01T00:00:00.000Z", false)]
    [InlineData("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z", false)]
    public void Every_form_is_read(string text, string utc, bool isLocal)
    {
        QueryTime.TryParse(text, out var time).ShouldBeTrue();
        time.Utc.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture).ShouldBe(utc);
        time.IsLocal.ShouldBe(isLocal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("yesterday")]
    [InlineData("2026-01-01T")]
    [InlineData("2026-01-01 00:00:00")]
    [InlineData("2026-01-01 02:00")]
    [InlineData("2026-1-1")]
    [InlineData("2026-02-30")]
    [InlineData("2026-01-01T24:00:00Z")]
    [InlineData("2026-01-01T00:00:00Z ")]
    [InlineData("2026-01-01T00:00:00ZZ")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    [InlineData("-62135596801")]
    [InlineData("1e300")]
    [InlineData("-1e300")]
    [InlineData("+1")]
    [InlineData("0x10")]
    [InlineData("20260101")]
    [InlineData("\u0661\u0667\u0666\u0667")]
    public void Nothing_else_is(string? text)
    {
        // Digits alone are Unix seconds, whatever else they might stand for.
        QueryTime.TryParse(text, out _).ShouldBe(text == "20260101");
    }

    [Fact]
    public void Bodies_read_times_in_the_same_forms()
    {
        var body = Http.ApiBody.Parse<Times>("""{"at": "2026-01-01", "until": "1767225600"}"""u8.ToArray());
        body.At.ShouldBe(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        body.Until.ShouldBe(body.At);
    }

    private sealed record Times(DateTimeOffset? At, DateTimeOffset? Until);
}

using System.Globalization;
using System.Text;
using Bxb.Primitives.Time;
using Xunit.Abstractions;

namespace Bxb.Primitives.Tests;

public sealed class UtcTimeTests(ITestOutputHelper output)
{
    [Fact]
    public void Times_of_every_year_agree_with_the_calendar_of_the_runtime()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var first = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
        var last = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
        Span<byte> text = stackalloc byte[UtcTime.Length];
        for (var i = 0; i < 200_000; i++)
        {
            var time = i switch { 0 => first, 1 => last, 2 => 0, 3 => -1, _ => random.NextInt64(first, last + 1) };
            UtcTime.Write(time, text);
            Encoding.ASCII.GetString(text).ShouldBe(DateTimeOffset.FromUnixTimeMilliseconds(time).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            UtcTime.TryRead(text, out var read).ShouldBeTrue();
            read.ShouldBe(time);
        }
    }

    [Theory]
    [InlineData("2023-02-29T00:00:00.000Z")]
    [InlineData("2024-13-01T00:00:00.000Z")]
    [InlineData("2024-00-01T00:00:00.000Z")]
    [InlineData("2024-01-00T00:00:00.000Z")]
    [InlineData("0000-01-01T00:00:00.000Z")]
    [InlineData("2024-01-01T24:00:00.000Z")]
    [InlineData("2024-01-01T00:60:00.000Z")]
    [InlineData("2024-01-01T00:00:60.000Z")]
    [InlineData("2024-01-01T00:00:0:.000Z")]
    [InlineData("2024-01-01 00:00:00.000Z")]
    [InlineData("2024-01-01T00:00:00.000z")]
    public void What_is_no_time_is_not_read(string text) => UtcTime.TryRead(Encoding.ASCII.GetBytes(text), out _).ShouldBeFalse();
}

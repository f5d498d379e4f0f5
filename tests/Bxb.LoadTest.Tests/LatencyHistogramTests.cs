using Bxb.LoadTest.Figures;

namespace Bxb.LoadTest.Tests;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Percentiles_are_never_too_low_and_at_most_a_bucket_too_high()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var (one, other) = (new LatencyHistogram(), new LatencyHistogram());
            var values = Enumerable.Range(0, random.Next(1, 2000)).Select(_ => TimeSpan.FromMicroseconds(Math.Floor(Math.Pow(2, random.NextDouble() * 31)))).ToArray();
            foreach (var value in values)
            {
                (random.Next(2) == 0 ? one : other).Record(value);
            }

            one.Add(other);
            Array.Sort(values);
            one.Count.ShouldBe(values.Length);
            one.Max.ShouldBe(values[^1]);
            foreach (var share in new[] { 0.01, 0.5, 0.99, 0.999, 1 })
            {
                var exact = values[(int)Math.Ceiling(share * values.Length) - 1];
                one.Percentile(share).ShouldBeInRange(exact, exact + (exact / 60) + TimeSpan.FromMicroseconds(1), $"seed {seed}, round {round}, {share}");
            }
        }
    }

    [Fact]
    public void Nothing_recorded_is_zero() => new LatencyHistogram().Percentile(0.99).ShouldBe(TimeSpan.Zero);
}

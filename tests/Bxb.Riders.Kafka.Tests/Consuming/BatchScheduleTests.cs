using Bxb.Riders.Kafka.Consuming;

namespace Bxb.Riders.Kafka.Tests.Consuming;

public sealed class BatchScheduleTests
{
    private const long Frequency = 1_000_000_000;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(100, 100)]
    [InlineData(200, 200)]
    [InlineData(500, 200)]
    [InlineData(60_000, 200)]
    public void A_batch_is_filled_no_longer_than_it_may_be_and_at_most_a_beat_less(int milliseconds, int beat)
    {
        var (wait, random) = (milliseconds * (Frequency / 1_000), new Random(milliseconds));
        for (var i = 0; i < 1_000; i++)
        {
            var now = random.NextInt64(0, 1L << 60);
            var close = Close(now, milliseconds);
            close.ShouldBeInRange(now, now + wait);
            (now + wait - close).ShouldBeInRange(0, beat * (Frequency / 1_000));
        }
    }

    [Fact]
    public void Batches_that_begin_in_the_same_beat_are_closed_together_and_the_next_one_a_beat_later()
    {
        const long beat = Frequency / 5;
        Close(7 * beat, 200).ShouldBe(8 * beat);
        Close((8 * beat) - 1, 200).ShouldBe(8 * beat);
        Close(8 * beat, 200).ShouldBe(9 * beat);
        Close((7 * beat) + 1, 500).ShouldBe(9 * beat);
    }

    private static long Close(long now, int milliseconds) => BatchSchedule.Close(now, TimeSpan.FromMilliseconds(milliseconds), Frequency);
}

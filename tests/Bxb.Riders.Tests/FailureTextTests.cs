using Bxb.EventLog.Retries;
using Bxb.Riders.Failures;

namespace Bxb.Riders.Tests;

public sealed class FailureTextTests
{
    [Theory]
    [InlineData("plain", 100, "plain")]
    [InlineData("nul \0 in it", 100, "nul \uFFFD in it")]
    [InlineData("a\ud83d\ude00", 2, "a")]
    [InlineData("cut off", 3, "cut")]
    [InlineData("", 3, "")]
    public void Text_is_made_fit_for_a_text_column(string text, int length, string expected) => FaultText.Storable(text, length).ShouldBe(expected);

    [Fact]
    public void Half_of_a_surrogate_pair_is_replaced() => FaultText.Storable("half \ud83d of a pair", 100).ShouldBe("half \uFFFD of a pair");

    [Fact]
    public void A_line_is_one_line() => FaultText.Line(new IOException("one\r\ntwo\nthree")).ShouldBe("IOException: one two three");

    [Fact]
    public void Pauses_double_up_to_the_longest_and_are_never_less_than_half()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
        for (var failures = 1; failures < 100; failures++)
        {
            var whole = Math.Min(10_000, 100 * Math.Pow(2, failures - 1));
            backoff.After(failures).TotalMilliseconds.ShouldBeInRange(whole / 2, whole);
        }

        backoff.After(int.MaxValue).TotalSeconds.ShouldBeInRange(5, 10);
    }

    [Fact]
    public void Only_what_may_pass_is_transient()
    {
        TransientFaults.IsTransient(new TimeoutException()).ShouldBeTrue();
        TransientFaults.IsTransient(new InvalidOperationException("outer", new IOException())).ShouldBeTrue();
        TransientFaults.IsTransient(new AggregateException(new TimeoutException(), new IOException())).ShouldBeTrue();
        TransientFaults.IsTransient(new AggregateException(new TimeoutException(), new FormatException())).ShouldBeFalse();
        TransientFaults.IsTransient(new FormatException()).ShouldBeFalse();
        TransientFaults.IsTransient(new Npgsql.NpgsqlException("away", new IOException())).ShouldBeTrue();

        // The batch is halved instead of being retried without limit.
        TransientFaults.IsTransient(new OutOfMemoryException()).ShouldBeFalse();
        TransientFaults.IsTransient(new InvalidOperationException("outer", new OutOfMemoryException())).ShouldBeFalse();
    }
}

namespace Bxb.EventLog.Tests;

public sealed class EventDigestTests
{
    [Fact]
    public void The_digest_of_a_known_event_never_changes() =>
        EventContent.Digest(1, "t-1", """{"bytes":42,"region":"eu"}""", timestamp: 1_767_225_600_125).ShouldBe(984910977354153685);

    [Fact]
    public void Two_ways_to_write_the_same_thing_have_one_digest() =>
        EventContent.Digest(1, "t", """{ "b" : 1e2, "\u0061" : -0 }""").ShouldBe(EventContent.Digest(1, "t", """{"a":0,"b":100}"""));

    [Fact]
    public void A_timestamp_that_the_server_gave_is_no_part_of_it()
    {
        EventContent.Digest(1, "t", "{}", timestamp: null).ShouldNotBe(EventContent.Digest(1, "t", "{}", timestamp: 1_800_000_000_000));
        EventContent.Digest(1, "t", "{}", timestamp: 1).ShouldNotBe(EventContent.Digest(1, "t", "{}", timestamp: 2));
    }

    [Fact]
    public void Every_part_counts_and_none_flows_into_the_next()
    {
        long[] digests =
        [
            EventContent.Digest(1, "t", "{}"), EventContent.Digest(2, "t", "{}"), EventContent.Digest(1, "u", "{}"), EventContent.Digest(1, "t", """{"a":1}"""),
            EventContent.Digest(1, "t", """{"a":1.0}"""), EventContent.Digest(1, "t", """{"a":"1"}"""), EventContent.Digest(1, "t", "{}", customer: "c"),
            EventContent.Digest(1, "t", "{}", code: "c"), EventContent.Digest(1, "t", "{}", source: "s"), EventContent.Digest(1, "", "{}", source: "t"),
            EventContent.Digest(1, "t", "{}", customer: "ab", code: "c"), EventContent.Digest(1, "t", "{}", customer: "a", code: "bc"),
        ];
        digests.Distinct().Count().ShouldBe(digests.Length);
    }
}

using Bxb.EventLog.Appending;
using Bxb.EventLog.Reading;

namespace Bxb.EventLog.Tests;

public sealed class EventLogQueriesTests
{
    [Fact]
    public async Task An_event_is_found_by_its_id_and_source_and_by_nobody_else()
    {
        await using var log = await LogFixture.StartAsync();
        using var block = AppendBlock.Rent(1);
        LogFixture.Add(block, "a/b", """{"x":1.50}""", source: "urn:b");
        LogFixture.Add(block, "a/b", source: "urn:a");
        LogFixture.Add(block, "a/b", "{}", "kunde", "code", timestamp: -1);
        var answers = await log.AppendAsync(block);

        (await log.Queries.FindAsync(1, "a/b", null, default)).Select(e => e.Source).ShouldBe(["", "urn:a", "urn:b"]);
        var found = (await log.Queries.FindAsync(1, "a/b", "urn:b", default)).ShouldHaveSingleItem();
        found.Position.ShouldBe(answers[0].Position);
        found.Properties.Span.SequenceEqual("""{"x": 1.50}"""u8).ShouldBeTrue();
        found.TraceParent.ShouldBeNull();
        var plain = (await log.Queries.FindAsync(1, "a/b", "", default)).ShouldHaveSingleItem();
        plain.ExternalCustomerId.ShouldBe("kunde");
        plain.Code.ShouldBe("code");
        plain.Timestamp.ShouldBe(DateTimeOffset.FromUnixTimeMilliseconds(-1));
        plain.Digest.ShouldBe(block.Events[2].Digest);
        (await log.Queries.FindAsync(2, "a/b", null, default)).ShouldBeEmpty();
        (await log.Queries.FindAsync(1, "A/b", null, default)).ShouldBeEmpty();
        (await log.Queries.FindAsync(1, "' or true --", null, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_listing_pages_from_the_newest_on_and_filters()
    {
        await using var log = await LogFixture.StartAsync();
        foreach (var organization in new[] { 1, 2 })
        {
            using var block = AppendBlock.Rent(organization);
            for (var i = 0; i < 100; i++)
            {
                LogFixture.Add(block, $"t-{i}", "{}", $"c-{i % 3}", $"code-{i % 2}", timestamp: i * 1_000);
            }

            await log.AppendAsync(block);
        }

        var listed = new List<string>();
        long? before = null;
        while (await log.Queries.ListAsync(new EventListFilter(1) { BeforePosition = before, Limit = 7 }, default) is { Count: > 0 } page)
        {
            page.ShouldAllBe(e => e.OrganizationId == 1);
            listed.AddRange(page.Select(e => e.TransactionId));
            before = page[^1].Position;
        }

        listed.ShouldBe(Enumerable.Range(0, 100).Reverse().Select(i => $"t-{i}"));
        var some = await log.Queries.ListAsync(
            new EventListFilter(2)
            {
                Code = "code-1",
                ExternalCustomerId = "c-2",
                From = DateTimeOffset.FromUnixTimeSeconds(5),
                To = DateTimeOffset.FromUnixTimeSeconds(17),
            },
            default);
        some.Select(e => e.TransactionId).ShouldBe(["t-11", "t-5"]);
        some.ShouldAllBe(e => e.OrganizationId == 2);
        (await log.Queries.ListAsync(new EventListFilter(3), default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Out_of_range_limits_are_refused()
    {
        await using var log = await LogFixture.StartAsync(start: false);
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => log.Queries.ListAsync(new EventListFilter(1) { Limit = 0 }, default));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => log.Queries.ConflictsAsync(1, null, 1_000_000, default));
    }
}

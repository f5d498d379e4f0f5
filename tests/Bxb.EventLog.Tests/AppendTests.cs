using Bxb.EventLog.Appending;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;

namespace Bxb.EventLog.Tests;

public sealed class AppendTests
{
    [Fact]
    public async Task A_thousand_parallel_appends_of_one_event_record_it_once()
    {
        await using var log = await LogFixture.StartAsync(o => o.Writers = 4);
        var answers = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => log.AppendAsync(1, "the-one")));

        answers.Count(a => a[0].Outcome == AppendOutcome.Recorded).ShouldBe(1);
        answers.Count(a => a[0].Outcome == AppendOutcome.Duplicate).ShouldBe(999);
        answers.Select(a => a[0].Position).Distinct().Count().ShouldBe(1);
        (await log.ScalarAsync<long>("select count(*) from event_log.events")).ShouldBe(1);
    }

    [Fact]
    public async Task The_same_batch_twice_changes_nothing()
    {
        await using var log = await LogFixture.StartAsync();
        var ids = Enumerable.Range(0, 100).Select(i => $"t-{i}").ToArray();
        var first = await log.AppendAsync(1, ids);
        var second = await log.AppendAsync(1, ids);

        first.ShouldAllBe(a => a.Outcome == AppendOutcome.Recorded);
        first.Select(a => a.Position).ShouldBeInOrder();
        second.ShouldAllBe(a => a.Outcome == AppendOutcome.Duplicate);
        second.Select(a => a.Position).ShouldBe(first.Select(a => a.Position));
        (await log.ScalarAsync<long>("select count(*) from event_log.events")).ShouldBe(100);
    }

    [Fact]
    public async Task Reads_back_what_was_appended()
    {
        await using var log = await LogFixture.StartAsync();
        using (var block = AppendBlock.Rent(7))
        {
            block.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            LogFixture.Add(block, "t/ü", """{"b":1.50,"a":"x"}""", "kunde", "code", "urn:s", 1_234);
            await log.AppendAsync(block);
        }

        var settled = await log.Settled.WaitBeyondAsync(0, CancellationToken.None);
        using var records = EventRecords.Rent();
        (await log.Reader.ReadAsync(0, settled, 10, 1_000_000, records, CancellationToken.None)).ShouldBe(1);
        records[0].TransactionId.SequenceEqual("t/ü"u8).ShouldBeTrue();
        records[0].Properties.SequenceEqual("""{"a": "x", "b": 1.50}"""u8).ShouldBeTrue();
        records[0].TimestampMilliseconds.ShouldBe(1_234);
        records[0].OrganizationId.ShouldBe(7);
        var found = (await log.Queries.FindAsync(7, "t/ü", null, CancellationToken.None)).ShouldHaveSingleItem();
        found.Position.ShouldBe(records[0].Position);
        found.Source.ShouldBe("urn:s");
        found.TraceParent.ShouldBe("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        found.Properties.Span.SequenceEqual(records[0].Properties).ShouldBeTrue();
        (await log.Queries.ListAsync(new EventListFilter(8), CancellationToken.None)).ShouldBeEmpty();
        (await log.Queries.ListAsync(new EventListFilter(7), CancellationToken.None)).ShouldHaveSingleItem();
    }
}

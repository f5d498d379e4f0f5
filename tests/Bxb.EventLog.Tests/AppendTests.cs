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
        long position;
        using (var block = AppendBlock.Rent(7))
        {
            block.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            LogFixture.Add(block, "t/ü", """{"b":1.50,"a":"x"}""", "kunde", "code", "urn:s", 1_234);
            position = (await log.AppendAsync(block))[0].Position;
        }

        var settled = await log.Settled.WaitBeyondAsync(position - 1, CancellationToken.None);
        using var records = EventRecords.Rent();
        (await log.Reader.ReadAsync(0, settled, 10, 1_000_000, records, CancellationToken.None)).ShouldBe(1);
        records[0].TransactionId.SequenceEqual("t/ü"u8).ShouldBeTrue();
        records[0].Properties.SequenceEqual("""{"a": "x", "b": 1.50}"""u8).ShouldBeTrue();
        records[0].TimestampMilliseconds.ShouldBe(1_234);
        records[0].OrganizationId.ShouldBe(7);
        records[0].TraceParent.SequenceEqual("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"u8).ShouldBeTrue();
    }

    [Fact]
    public async Task Duplicates_inside_one_block_go_to_its_first_event()
    {
        await using var log = await LogFixture.StartAsync();
        var answers = await log.AppendAsync(1, "b", "a", "b", "c", "a", "b");

        answers.Select(a => a.Outcome).ShouldBe(
            [AppendOutcome.Recorded, AppendOutcome.Recorded, AppendOutcome.Duplicate, AppendOutcome.Recorded, AppendOutcome.Duplicate, AppendOutcome.Duplicate]);
        answers[2].Position.ShouldBe(answers[0].Position);
        answers[4].Position.ShouldBe(answers[1].Position);
        answers[0].Position.ShouldBeLessThan(answers[1].Position);
    }

    [Fact]
    public async Task Blocks_that_overlap_in_opposite_orders_neither_deadlock_nor_count_twice()
    {
        await using var log = await LogFixture.StartAsync(o =>
        {
            o.Writers = 4;
            o.MaxGroupEvents = 1;
        });
        for (var round = 0; round < 20; round++)
        {
            var up = Enumerable.Range(0, 500).Select(i => $"t-{round}-{i}").ToArray();
            var down = up.Reverse().ToArray();
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => log.AppendAsync(1, i % 2 == 0 ? up : down)));
            answers.Sum(a => a.Count(e => e.Outcome == AppendOutcome.Recorded)).ShouldBe(500);
        }

        (await log.ScalarAsync<long>("select count(*) from event_log.events")).ShouldBe(10_000);
        (await log.ScalarAsync<long>("select deadlocks from pg_stat_database where datname = current_database()")).ShouldBe(0);
    }

    [Fact]
    public async Task Sources_and_organizations_number_their_events_independently()
    {
        await using var log = await LogFixture.StartAsync();
        using var block = AppendBlock.Rent(1);
        LogFixture.Add(block, "1", source: "urn:a");
        LogFixture.Add(block, "1", source: "urn:b");
        LogFixture.Add(block, "1");
        (await log.AppendAsync(block)).ShouldAllBe(a => a.Outcome == AppendOutcome.Recorded);
        (await log.AppendAsync(2, "1"))[0].Outcome.ShouldBe(AppendOutcome.Recorded);
    }

    [Fact]
    public async Task Ids_that_only_look_alike_are_different_events()
    {
        await using var log = await LogFixture.StartAsync();
        var answers = await log.AppendAsync(1, "a", "A", "a ", " a", "\u00e9", "e\u0301", "a\t", "%", "_", "'");
        answers.ShouldAllBe(a => a.Outcome == AppendOutcome.Recorded);
    }

    [Fact]
    public async Task Other_content_is_a_conflict_and_is_kept_once_per_content()
    {
        await using var log = await LogFixture.StartAsync();
        var first = (await log.AppendAsync(1, "t"))[0];
        foreach (var amount in new[] { 1, 1, 2 })
        {
            using var block = AppendBlock.Rent(1);
            LogFixture.Add(block, "t", $$"""{"amount":{{amount}}}""", "c-2");
            var answer = (await log.AppendAsync(block))[0];
            answer.ShouldBe((AppendOutcome.Conflict, first.Position));
        }

        var conflicts = await log.Queries.ConflictsAsync(1, null, 10, CancellationToken.None);
        conflicts.Count.ShouldBe(2);
        conflicts[1].Recorded.Properties.Span.SequenceEqual("{}"u8).ShouldBeTrue();
        conflicts[1].Sent.Properties.Span.SequenceEqual("""{"amount": 1}"""u8).ShouldBeTrue();
        conflicts[1].Sent.ExternalCustomerId.ShouldBe("c-2");
        conflicts[0].Id.ShouldBeGreaterThan(conflicts[1].Id);
        (await log.Queries.ConflictsAsync(1, conflicts[0].Id, 10, CancellationToken.None)).ShouldHaveSingleItem().Id.ShouldBe(conflicts[1].Id);
        (await log.Queries.ConflictsAsync(2, null, 10, CancellationToken.None)).ShouldBeEmpty();
        (await log.ScalarAsync<long>("select count(*) from event_log.events")).ShouldBe(1);
    }

    [Fact]
    public async Task Duplicate_conflict_and_fresh_in_one_block_are_each_told()
    {
        await using var log = await LogFixture.StartAsync();
        await log.AppendAsync(1, "a", "b");
        using var block = AppendBlock.Rent(1);
        LogFixture.Add(block, "c");
        LogFixture.Add(block, "b", """{"x":1}""");
        LogFixture.Add(block, "a");
        LogFixture.Add(block, "b", """{"x":1}""");
        LogFixture.Add(block, "c", """{"x":2}""");
        (await log.AppendAsync(block)).Select(a => a.Outcome).ShouldBe(
            [AppendOutcome.Recorded, AppendOutcome.Conflict, AppendOutcome.Duplicate, AppendOutcome.Conflict, AppendOutcome.Conflict]);
        (await log.ScalarAsync<long>("select count(*) from event_log.conflicts")).ShouldBe(2);
    }

    [Fact]
    public async Task A_block_of_ten_thousand_events_goes_through_and_crosses_partitions()
    {
        await using var log = await LogFixture.StartAsync(o =>
        {
            o.PartitionPositions = 1_000;
            o.PartitionsAhead = 1;
            o.PartitionInterval = TimeSpan.FromMinutes(10);
        });
        var answers = await log.AppendAsync(1, Enumerable.Range(0, 10_000).Select(i => $"t-{i}").ToArray());
        answers.ShouldAllBe(a => a.Outcome == AppendOutcome.Recorded);
        answers.Select(a => a.Position).ShouldBeInOrder();
        (await log.ScalarAsync<long>("select count(*) from event_log.events")).ShouldBe(10_000);
        (await log.ScalarAsync<long>("select count(distinct tableoid) from event_log.events")).ShouldBeGreaterThanOrEqualTo(10);
    }

    [Fact]
    public async Task An_empty_block_is_done_at_once()
    {
        await using var log = await LogFixture.StartAsync(start: false);
        using var block = AppendBlock.Rent(1);
        await log.Appender.AppendAsync(block, CancellationToken.None);
    }
}

using Bxb.EventLog.Appending;
using Bxb.Testing;

namespace Bxb.EventLog.Tests;

public sealed class AppendFailureTests
{
    [Fact]
    public async Task A_block_that_PostgreSQL_refuses_fails_alone()
    {
        await using var log = await LogFixture.StartAsync(o => o.Writers = 1, start: false);
        var good = Enumerable.Range(0, 20).Select(i => log.AppendAsync(1, $"g-{i}", $"h-{i}")).ToList();
        using var nul = AppendBlock.Rent(1);
        LogFixture.Add(nul, "ok");
        LogFixture.Add(nul, "with\0nul");
        var bad = log.AppendAsync(nul);
        using var json = AppendBlock.Rent(1);
        LogFixture.Add(json, "x");
        json.Events[0].Properties = json.Append("{broken"u8);
        var worse = log.AppendAsync(json);
        good.AddRange(Enumerable.Range(20, 20).Select(i => log.AppendAsync(1, $"g-{i}")));
        await log.StartHostedAsync();

        var refused = await Should.ThrowAsync<EventLogException>(bad);
        refused.IsTransient.ShouldBeFalse();
        refused.SqlState.ShouldBe("22021");
        (await Should.ThrowAsync<EventLogException>(worse)).SqlState.ShouldBe("22P02");
        (await Task.WhenAll(good)).ShouldAllBe(a => a.All(e => e.Outcome == AppendOutcome.Recorded));
        (await log.ScalarAsync<long>("select count(*) from event_log.events")).ShouldBe(60);
        (await log.AppendAsync(1, "ok"))[0].Outcome.ShouldBe(AppendOutcome.Recorded);
    }

    [Fact]
    public async Task A_block_that_no_writer_has_taken_can_be_withdrawn()
    {
        await using var log = await LogFixture.StartAsync(start: false);
        using var cancellation = new CancellationTokenSource();
        using var block = AppendBlock.Rent(1);
        LogFixture.Add(block, "never");
        var append = log.Appender.AppendAsync(block, cancellation.Token);
        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(append);

        await log.StartHostedAsync();
        await log.AppendAsync(1, "later");
        (await log.ScalarAsync<long>("select count(*) from event_log.events")).ShouldBe(1);
    }

    [Fact]
    public async Task A_block_does_not_wait_for_ever()
    {
        await using var log = await LogFixture.StartAsync(
            o =>
            {
                o.AppendTimeout = TimeSpan.FromMilliseconds(50);
                o.QueueBlocks = 1;
            },
            start: false);
        var waiting = Enumerable.Range(0, 3).Select(i => log.AppendAsync(1, $"t-{i}")).ToList();
        foreach (var append in waiting)
        {
            (await Should.ThrowAsync<EventLogUnavailableException>(append)).IsTransient.ShouldBeTrue();
        }

        await log.StartHostedAsync();
        (await log.ScalarAsync<long>("select count(*) from event_log.events")).ShouldBe(0);
    }

    [Fact]
    public async Task Stopping_commits_what_was_taken_in_and_refuses_the_rest()
    {
        await using var log = await LogFixture.StartAsync(start: false);
        var accepted = Enumerable.Range(0, 500).Select(i => log.AppendAsync(1, $"t-{i}")).ToList();
        await log.StartHostedAsync();
        await log.StopAsync();
        (await Task.WhenAll(accepted)).ShouldAllBe(a => a[0].Outcome == AppendOutcome.Recorded);
        await Should.ThrowAsync<EventLogUnavailableException>(log.AppendAsync(1, "late"));
    }

    [Fact]
    public async Task A_log_that_cannot_be_reached_says_so_and_comes_back()
    {
        var connectionString = await TestPostgres.CreateDatabaseAsync();
        await using var log = await LogFixture.StartAsync(connectionString: connectionString);
        await log.ExecuteAsync("alter table event_log.event_keys rename to gone");
        (await Should.ThrowAsync<EventLogUnavailableException>(log.AppendAsync(1, "t"))).SqlState.ShouldBe("42P01");
        await log.ExecuteAsync("alter table event_log.gone rename to event_keys");
        (await log.AppendAsync(1, "t"))[0].Outcome.ShouldBe(AppendOutcome.Recorded);
    }

    [Fact]
    public async Task An_outage_that_many_requests_meet_is_logged_once_and_without_a_stack()
    {
        using var lines = new LogLines();
        await using var log = await LogFixture.StartAsync(loggers: lines);
        await log.ExecuteAsync("alter table event_log.event_keys rename to gone");
        for (var i = 0; i < 30; i++)
        {
            await Should.ThrowAsync<EventLogUnavailableException>(log.AppendAsync(1, $"t-{i}"));
        }

        var warnings = lines.All.Where(l => !l.StartsWith("Information", StringComparison.Ordinal)).ToList();
        warnings.ShouldHaveSingleItem().ShouldStartWith("Warning: The event log takes no events: ");
        lines.All.ShouldAllBe(l => !l.EndsWith("+ stack", StringComparison.Ordinal));
    }
}

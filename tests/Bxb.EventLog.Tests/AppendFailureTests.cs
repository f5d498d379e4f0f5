using System.Collections.Concurrent;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Records;
using Bxb.Testing;
using Xunit.Abstractions;

namespace Bxb.EventLog.Tests;

public sealed class AppendFailureTests(ITestOutputHelper output)
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
    public async Task Connections_that_are_cut_in_mid_load_lose_and_double_nothing()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var log = await LogFixture.StartAsync(o =>
        {
            o.Writers = 3;
            o.MaxGroupEvents = 50;
        });
        using var stop = new CancellationTokenSource();
        var acknowledged = new ConcurrentDictionary<string, long>();
        var senders = Enumerable.Range(0, 8).Select(sender => SendAsync(log, sender, acknowledged, stop.Token)).ToArray();
        var reading = ReadAllAsync(log, stop.Token);

        for (var cut = 0; cut < 20; cut++)
        {
            var enough = acknowledged.Count + random.Next(1, 60);
            await Eventually.HoldsAsync(() => acknowledged.Count >= enough);
            await log.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'bxb%'");
        }

        await stop.CancelAsync();
        await Task.WhenAll(senders);
        var read = await reading;

        (await log.ScalarAsync<long>("select count(*) from event_log.events")).ShouldBe(read.Count, $"seed {seed}");
        read.Select(r => r.Position).ShouldBeInOrder();
        var positions = read.ToDictionary(r => r.Id, r => r.Position);
        foreach (var (id, position) in acknowledged)
        {
            positions.ShouldContainKey(id, $"seed {seed}");
            positions[id].ShouldBe(position);
        }
    }

    private static async Task SendAsync(LogFixture log, int sender, ConcurrentDictionary<string, long> acknowledged, CancellationToken stop)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var ids = Enumerable.Range(0, 3).Select(i => $"{sender}-{number}-{i}").ToArray();
            while (true)
            {
                try
                {
                    var answers = await log.AppendAsync(1, ids);
                    for (var i = 0; i < ids.Length; i++)
                    {
                        answers[i].Outcome.ShouldBeOneOf(AppendOutcome.Recorded, AppendOutcome.Duplicate);
                        acknowledged[ids[i]] = answers[i].Position;
                    }

                    break;
                }
                catch (EventLogUnavailableException)
                {
                    // What a sender does: the same again.
                    await Task.Yield();
                }
            }
        }
    }

    private static async Task<List<(string Id, long Position)>> ReadAllAsync(LogFixture log, CancellationToken stop)
    {
        var read = new List<(string, long)>();
        long at = 0;
        while (true)
        {
            var last = stop.IsCancellationRequested;
            try
            {
                var settled = last ? await log.Settled.RefreshAsync(CancellationToken.None) : await log.Settled.WaitBeyondAsync(at, stop);
                while (at < settled)
                {
                    using var records = EventRecords.Rent();
                    if (await log.Reader.ReadAsync(at, settled, 100, 10_000, records, CancellationToken.None) == 0)
                    {
                        at = settled;
                        break;
                    }

                    for (var i = 0; i < records.Count; i++)
                    {
                        read.Add((System.Text.Encoding.UTF8.GetString(records[i].TransactionId), records[i].Position));
                    }

                    at = records.LastPosition;
                }

                if (last && await log.ScalarAsync<long>("select last_value from event_log.position_seq") == at)
                {
                    return read;
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                continue;
            }
            catch (EventLogUnavailableException)
            {
                await Task.Yield();
            }
        }
    }
}

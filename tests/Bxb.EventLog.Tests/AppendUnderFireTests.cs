using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Bxb.Embedded;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Records;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit.Abstractions;

namespace Bxb.EventLog.Tests;

/// <summary>Senders that repeat what was not acknowledged, a reader that follows, and connections or the server going away all the time.</summary>
public sealed class AppendUnderFireTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Connections_that_are_cut_in_mid_load_lose_and_double_nothing()
    {
        await using var log = await LogFixture.StartAsync(Small);
        await LoadAsync(log, cuts: 20, () => log.ExecuteAsync(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'bxb%'"));
    }

    [Fact]
    public async Task A_server_that_is_killed_in_mid_load_loses_and_doubles_nothing()
    {
        var options = new EmbeddedPostgresOptions { DataDirectory = await TestDirectories.CreateAsync("killed"), SharedBuffersBytes = 32L << 20 };
        await using var server = await EmbeddedPostgres.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        await using var log = await LogFixture.StartAsync(Small, server.ConnectionString);
        await LoadAsync(log, cuts: 4, async () =>
        {
            await Eventually.HoldsAsync(() => server.ProcessId is not null);
            using var process = Process.GetProcessById(server.ProcessId!.Value);
            process.Kill();
            await process.WaitForExitAsync();
        });
    }

    private static void Small(EventLogOptions options)
    {
        options.Writers = 3;
        options.MaxGroupEvents = 50;
    }

    private async Task LoadAsync(LogFixture log, int cuts, Func<Task> cutAsync)
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var stop = new CancellationTokenSource();
        var acknowledged = new ConcurrentDictionary<string, long>();
        var senders = Enumerable.Range(0, 8).Select(sender => SendAsync(log, sender, acknowledged, stop.Token)).ToArray();
        var reading = ReadAllAsync(log, stop.Token);
        for (var cut = 0; cut <= cuts; cut++)
        {
            var enough = acknowledged.Count + random.Next(1, 60);
            await Eventually.HoldsAsync(() => acknowledged.Count >= enough);
            if (cut < cuts)
            {
                await cutAsync();
            }
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
                    await Task.Delay(5, CancellationToken.None);
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
                        read.Add((Encoding.UTF8.GetString(records[i].TransactionId), records[i].Position));
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
            catch (Exception e) when (e is EventLogUnavailableException or NpgsqlException)
            {
                await Task.Delay(5, CancellationToken.None);
            }
        }
    }
}

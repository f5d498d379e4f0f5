using System.Globalization;
using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.EndToEnd.Tests.Kills;
using Bxb.Testing;
using Xunit.Abstractions;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>
/// Everything is rebuilt into a copy of the table under live load, and the copy takes the table's place; the second time the host is killed in the middle. Every answer that is given meanwhile, one
/// every 100 ms, is right. <c>BXB_KAFKA_STORM</c> scales it: 5,000 events a second at 4.
/// </summary>
[OnKafka]
[Collection(KafkaCollection.Name)]
public sealed class ShadowReplayTests(ITestOutputHelper output)
{
    private const int Senders = 4;
    private const string Replays = "/v1/pipeline/groups/analytics/replays";
    private static readonly int EventsASecond = KafkaStorm.Times(5_000);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [RealKafkaFact]
    public async Task Usage_stays_right_while_everything_is_replayed_into_a_copy_and_after_it_has_taken_over()
    {
        await using var stores = await SharedStores.CreateAsync(await TestKafka.SharedAsync());
        using var pool = new HostPool(TimeSpan.FromSeconds(15));
        pool.Add(await stores.StartHostAsync("one"));
        pool.Add(await stores.StartHostAsync("two"));
        await pool.Hosts[0].Client.MetricAsync("closed", "closed", "sum", "n");
        await pool.Hosts[0].Client.MetricAsync("live", "live", "sum", "n");
        await using var past = new SteadyLoad(pool.Client, "closed", Senders);
        await past.ProgressAsync(KafkaStorm.Times(4_000));
        await past.FinishAsync();
        await pool.Hosts[0].CoversAsync("closed", await stores.LastPositionAsync());

        var pause = TimeSpan.FromSeconds((double)Senders * SteadyLoad.EventsABatch / EventsASecond);
        await using var load = new SteadyLoad(pool.Client, "live", Senders, shape: new SteadyLoadShape { Customers = 60, Pause = pause });
        var closed = past.AcknowledgedBatches * SteadyLoad.SumABatch;
        foreach (var isKilled in (bool[])[false, true])
        {
            var answers = await ReplayAsync(stores, pool, load, closed, isKilled);
            await CompareAsync(stores, answers);
        }

        await load.FinishAsync();
        foreach (var host in pool.Hosts)
        {
            await host.CaughtUpAsync();
            await host.HealthyAsync();
        }

        var acknowledged = past.AcknowledgedIds();
        acknowledged.UnionWith(load.AcknowledgedIds());
        await stores.ShouldHoldAsync(acknowledged);
        (await pool.Hosts[0].Client.TotalAsync("live", "clickhouse", await stores.LastPositionAsync())).ShouldBe((load.AcknowledgedBatches * SteadyLoad.SumABatch).ToString(CultureInfo.InvariantCulture));
    }

    private async Task<List<LiveAnswer>> ReplayAsync(SharedStores stores, HostPool pool, SteadyLoad load, long closed, bool isKilled)
    {
        await load.ProgressAsync(50);
        var (status, replay) = await pool.Hosts[0].Client.SendAsync(
            HttpMethod.Post, "/v1/pipeline/groups/analytics/replay", """{"from_position": 0, "into": "shadow"}""", SharedStores.AdminToken);
        status.ShouldBe(202, replay.ToJsonString());
        output.WriteLine($"replay {replay["id"]} after {load.AcknowledgedBatches} batches");
        using var enough = new CancellationTokenSource();
        var asking = PollAsync(pool, load, closed, enough.Token);
        if (isKilled)
        {
            await Eventually.HoldsAsync(async () => (await FindAsync(pool, replay))["events"]!.GetValue<long>() > 0, () => "The replay has begun", Patience);
            var builder = pool.Hosts.First(h => h.Output.Contains($"Replay {replay["id"]} builds", StringComparison.Ordinal));
            pool.Remove(builder);
            await builder.KillAsync();
            pool.Add(await stores.StartHostAsync(stores.NameOf(builder)));
        }

        await Eventually.HoldsAsync(
            async () => (replay = await FindAsync(pool, replay))["state"]!.GetValue<string>() is "done" or "failed" or "cancelled", () => $"The replay is over ({replay.ToJsonString()})", Patience);
        replay["state"]!.GetValue<string>().ShouldBe("done", replay.ToJsonString());
        output.WriteLine($"{replay["events"]} events were replayed, after {load.AcknowledgedBatches} batches");

        // The new table's first load and a while more.
        await load.ProgressAsync(50);
        await enough.CancelAsync();
        return await asking;
    }

    private static async Task<JsonNode> FindAsync(HostPool pool, JsonNode replay) => await pool.Hosts[0].Client.GetJsonAsync($"{Replays}/{replay["id"]}");

    /// <summary>Asks for both totals again and again: the closed one never changes, the live one is kept to be compared with the log.</summary>
    private static async Task<List<LiveAnswer>> PollAsync(HostPool pool, SteadyLoad load, long closed, CancellationToken enough)
    {
        var answers = new List<LiveAnswer>();
        for (var turn = 0; !enough.IsCancellationRequested; turn++)
        {
            var hosts = pool.Hosts;
            var client = hosts[turn % hosts.Count].Client;
            (await AskAsync(client, "closed"))?.Value.ShouldBe(closed, $"poll {turn}");
            if (await AskAsync(client, "live") is { } live)
            {
                // What is acknowledged now, and what is on its way, is the most that can have been counted.
                answers.Add(live with { Most = (load.AcknowledgedBatches + Senders) * SteadyLoad.SumABatch });
            }

            await Task.WhenAny(Task.Delay(PollInterval, enough));
        }

        return answers;
    }

    /// <summary>ClickHouse's answer; null from a host that was killed or does not answer yet.</summary>
    private static async Task<LiveAnswer?> AskAsync(HttpClient client, string metric)
    {
        try
        {
            var (status, answer) = await client.SendAsync(HttpMethod.Get, $"/v1/usage?metric={metric}&from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&store=clickhouse");
            status.ShouldBe(200, answer.ToJsonString());
            return new(answer["as_of_position"]!.GetValue<long>(), long.Parse(answer["rows"]!.AsArray().Single()!["value"]!.GetValue<string>(), CultureInfo.InvariantCulture), Most: 0);
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Each answer counted everything up to the position that it names, and nothing that was not there.</summary>
    private async Task CompareAsync(SharedStores stores, List<LiveAnswer> answers)
    {
        output.WriteLine($"{answers.Count} answers");
        answers.Count.ShouldBeGreaterThan(5);
        var sums = await stores.ScalarAsync<decimal[]>(
            $"""
            select array_agg((select coalesce(sum((properties ->> 'n')::numeric), 0) from event_log.events where code = 'live' and position <= asked.position) order by asked.ordinal)
            from unnest(array[{string.Join(',', answers.Select(a => a.Position))}]) with ordinality as asked(position, ordinal)
            """);
        for (var i = 0; i < answers.Count; i++)
        {
            answers[i].Value.ShouldBeGreaterThanOrEqualTo((long)sums[i], $"answer {i}, as of position {answers[i].Position}");
            answers[i].Value.ShouldBeLessThanOrEqualTo(answers[i].Most, $"answer {i}, as of position {answers[i].Position}");
        }
    }

    private sealed record LiveAnswer(long Position, long Value, long Most);
}

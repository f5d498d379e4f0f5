using Bxb.EndToEnd.Tests.Hosting;
using Xunit.Abstractions;

namespace Bxb.EndToEnd.Tests.Kills;

/// <summary>
/// SIGKILL in mid-load, at random moments: the host, PostgreSQL, the ClickHouse engine, and all at once. Afterwards the log holds every acknowledged event once, ClickHouse equals
/// the log without FINAL, nothing needed a hand, and nothing is left running. <c>BXB_KILLS</c> sets how many; <c>BXB_SEED</c> repeats a run.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("BXB_KILLS"), out var kills) ? kills : 20;

    private enum Victim
    {
        Host,
        Postgres,
        ClickHouse,
        Everything,
    }

    [Fact]
    public async Task Whatever_is_killed_every_acknowledged_event_stands_once_in_both_stores()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("BXB_SEED"), out var given) ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed}, {Kills} kills");
        var random = new Random(seed);
        using var directory = new TemporaryDirectory();
        var host = await HostProcess.StartAsync(directory.Path);
        var children = new HashSet<int>();
        long acknowledged;
        try
        {
            await host.Client.MetricAsync("killed", "killed", "sum", "n");
            var current = host;
            await using var load = new SteadyLoad(() => Volatile.Read(ref current).Client, "killed", senders: 3);
            for (var i = 0; i < Kills; i++)
            {
                await load.ProgressAsync(random.Next(1, 60));
                var victim = (Victim)(i < 4 ? i : random.Next(4));
                children.UnionWith(ProcessTree.Descendants(host.Id, ""));
                output.WriteLine($"{i}: {victim} after {load.AcknowledgedBatches} batches");
                Kill(host, victim);
                if (victim is Victim.Host or Victim.Everything)
                {
                    await host.ExitAsync();
                    host = await HostProcess.StartAsync(directory.Path);
                    Volatile.Write(ref current, host);
                }
            }

            await load.ProgressAsync(5);
            acknowledged = await load.FinishAsync();
            await VerifyAsync(host, directory.Path, acknowledged);
            children.UnionWith(ProcessTree.Descendants(host.Id, ""));
        }
        finally
        {
            await host.DisposeAsync();
        }

        children.Where(ProcessTree.IsRunning).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_older_copy_of_the_engines_data_is_noticed_and_the_gap_is_filled()
    {
        using var directory = new TemporaryDirectory();
        using var copy = new TemporaryDirectory();
        var engine = Path.Combine(directory.Path, "clickhouse");
        long acknowledged = 0;
        for (var round = 0; round < 3; round++)
        {
            await using var host = await HostProcess.StartAsync(directory.Path);
            if (round == 0)
            {
                await host.Client.MetricAsync("killed", "killed", "sum", "n");
            }

            if (round < 2)
            {
                await using var load = new SteadyLoad(() => host.Client, "killed", senders: 2, run: round);
                await load.ProgressAsync(60);
                acknowledged += await load.FinishAsync();
                var (_, last) = await host.Client.SendAsync(HttpMethod.Get, "/v1/events?limit=1");
                await host.Client.TotalAsync("killed", "clickhouse", last["events"]![0]!["position"]!.GetValue<long>());
            }
            else
            {
                var log = await StoreContents.OfTheLogAsync(directory.Path);
                var (_, last) = await host.Client.SendAsync(HttpMethod.Get, "/v1/events?limit=1");
                await host.Client.TotalAsync("killed", "clickhouse", last["events"]![0]!["position"]!.GetValue<long>());
                log.Count.ShouldBe((int)acknowledged);
        (await StoreContents.OfClickHouseAsync(directory.Path)).ShouldBe(log);
            }

            await host.StopAsync();
            if (round == 0)
            {
                CopyTree(engine, Path.Combine(copy.Path, "clickhouse"));
            }
            else if (round == 1)
            {
                Directory.Delete(engine, recursive: true);
                CopyTree(Path.Combine(copy.Path, "clickhouse"), engine);
            }
        }
    }

    private static void Kill(HostProcess host, Victim victim)
    {
        var victims = new List<int>();
        if (victim is Victim.Host or Victim.Everything)
        {
            victims.Add(host.Id);
        }

        if (victim is Victim.Postgres or Victim.Everything)
        {
            victims.AddRange(ProcessTree.Descendants(host.Id, "bin/postgres").Take(1));
        }

        if (victim is Victim.ClickHouse or Victim.Everything)
        {
            victims.AddRange(ProcessTree.Descendants(host.Id, "Bxb.Embedded.Engine").Take(1));
        }

        victims.Count.ShouldBe(victim == Victim.Everything ? 3 : 1);
        foreach (var id in victims)
        {
            Signals.Send(id, Signals.Kill);
        }
    }

    private static async Task VerifyAsync(HostProcess host, string directory, long acknowledged)
    {
        var log = await StoreContents.OfTheLogAsync(directory);
        log.Count.ShouldBe((int)acknowledged);
        var expected = (acknowledged / SteadyLoad.EventsABatch * (SteadyLoad.EventsABatch * (SteadyLoad.EventsABatch + 1) / 2)).ToString();
        (await host.Client.TotalAsync("killed", "postgresql", log[^1].Position)).ShouldBe(expected);
        (await host.Client.TotalAsync("killed", "clickhouse", log[^1].Position)).ShouldBe(expected);
        (await StoreContents.OfClickHouseAsync(directory)).ShouldBe(log);
    }

    private static void CopyTree(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var directory in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)), overwrite: true);
        }
    }
}

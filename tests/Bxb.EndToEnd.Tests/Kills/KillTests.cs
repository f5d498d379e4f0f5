using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;
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
                await KillAsync(host, victim);
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
                await CopyTreeAsync(engine, Path.Combine(copy.Path, "clickhouse"));
            }
            else if (round == 1)
            {
                Directory.Delete(engine, recursive: true);
                await CopyTreeAsync(Path.Combine(copy.Path, "clickhouse"), engine);
            }
        }
    }

    private static async Task KillAsync(HostProcess host, Victim victim)
    {
        // What was killed a moment ago may still be on its way up; everything else may be hit at any time.
        IReadOnlyList<int> victims = [];
        await Eventually.HoldsAsync(() => (victims = Find(host, victim)).Count == (victim == Victim.Everything ? 3 : 1));
        foreach (var id in victims)
        {
            Signals.Send(id, Signals.Kill);
        }
    }

    private static List<int> Find(HostProcess host, Victim victim)
    {
        var found = new List<int>();
        if (victim is Victim.Host or Victim.Everything)
        {
            found.Add(host.Id);
        }

        if (victim is Victim.Postgres or Victim.Everything)
        {
            found.AddRange(ProcessTree.Descendants(host.Id, "bin/postgres").Take(1));
        }

        if (victim is Victim.ClickHouse or Victim.Everything)
        {
            found.AddRange(ProcessTree.Descendants(host.Id, "Bxb.Embedded.Engine").Take(1));
        }

        return found;
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

    /// <summary>With links, owners and modes, as a snapshot of the disk would have them.</summary>
    private static async Task CopyTreeAsync(string from, string to)
    {
        using var copy = System.Diagnostics.Process.Start("cp", ["-a", from, to]);
        await copy.WaitForExitAsync();
        copy.ExitCode.ShouldBe(0);
    }
}

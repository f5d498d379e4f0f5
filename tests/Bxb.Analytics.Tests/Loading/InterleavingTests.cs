using System.Collections.Concurrent;
using System.Globalization;
using Bxb.Analytics.Loading;
using Bxb.Analytics.Tests.Rebuild;
using Bxb.Testing;
using Microsoft.AspNetCore.Http;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>Whatever order chance makes of batches, repeats, faults, hosts, transports and rebuilds, each event stands in ClickHouse exactly once in the end.</summary>
public class InterleavingTests
{
    private const int Partitions = 3;

    [Fact]
    public async Task Random_interleavings_of_two_hosts_leave_every_event_once()
    {
        var seed = Environment.GetEnvironmentVariable("BXB_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        try
        {
            for (var round = 0; round < 4; round++)
            {
                await RunAsync(unchecked(seed + round));
            }
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}", e);
        }
    }

    private static async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        var database = await TestClickHouse.CreateDatabaseAsync();
        await using var way0 = await FaultyPath.StartAsync(database);
        await using var way1 = await FaultyPath.StartAsync(database);
        way0.OnStatement = (sql, context, pass) => FaultAsync(random, sql, context, pass);
        way1.OnStatement = (sql, context, pass) => FaultAsync(random, sql, context, pass);
        using var host0 = new LoaderUnderTest(way0.Url);
        using var host1 = new LoaderUnderTest(way1.Url);
        LoaderUnderTest[] hosts = [host0, host1];
        var head = 0L;
        var zombies = new ConcurrentDictionary<(LoaderUnderTest Host, string? Topic, int Partition), Task>();
        SimulatedWorker[] workers = [new(null, 0, 1)];
        for (var era = 0; era < 5; era++)
        {
            // The transport changes: what was in hand may still arrive, and progress counts from the lowest on.
            var progress = workers.Min(w => w.Progress);
            var handedOut = workers.Max(w => Math.Max(w.Progress, w.HandedOut));
            workers = random.Next(3) switch
            {
                0 => [new SimulatedWorker(null, 0, 1)],
                var topic => [.. Enumerable.Range(0, Partitions).Select(p => new SimulatedWorker($"topic-{topic}", p, Partitions))],
            };
            head += random.Next(200, 600);
            var rebuild = random.Next(2) == 0 ? RebuildAsync(hosts[random.Next(2)], era, progress) : Task.CompletedTask;
            await Task.WhenAll(workers.Select(w => WorkAsync(w, hosts, random, progress, handedOut, head, zombies, last: era == 4)));
            await rebuild;
        }

        await Task.WhenAll(zombies.Values);
        await using var path = await FaultyPath.StartAsync(database);
        using var reader = new LoaderUnderTest(path.Url);
        await reader.HoldsExactlyAsync(1, head);
    }

    /// <summary>Works one partition, on one host and then on the other, until nothing is left, or until the era is over.</summary>
    private static async Task WorkAsync(
        SimulatedWorker worker, LoaderUnderTest[] hosts, Random random, long progress, long handedOut, long head, ConcurrentDictionary<(LoaderUnderTest Host, string? Topic, int Partition), Task> zombies, bool last)
    {
        (worker.Progress, worker.HandedOut) = (progress, handedOut);
        LoaderUnderTest? host = null;
        var steps = last ? int.MaxValue : Next(random, 2, 12);
        for (var step = 0; step < steps && (worker.Progress < head || host is null); step++)
        {
            var move = Next(random, 0, 6);
            if (host is null || move == 0)
            {
                host = hosts[Next(random, 0, 2)];
                await (zombies.TryRemove((host, worker.Place.Topic, worker.Place.Partition), out var zombie) ? zombie : Task.CompletedTask);
                await TakeOverAsync(worker, host);
            }
            else if (move == 1)
            {
                await Record.ExceptionAsync(() => host.Loader.CheckpointAsync(default));
            }

            var upTo = Math.Min(head, worker.Progress + Next(random, 1, 200));
            if (!await worker.LoadAsync(host, upTo) && worker.HasInHand && Next(random, 0, 4) == 0)
            {
                // Somebody takes over while the one before, who has not heard of it, sends his batch once more.
                zombies[(host, worker.Place.Topic, worker.Place.Partition)] = worker.Copy().LoadAsync(host, upTo);
                host = null;
            }
        }
    }

    private static async Task TakeOverAsync(SimulatedWorker worker, LoaderUnderTest host)
    {
        for (var tries = 0; !await worker.TryTakeOverAsync(host); tries++)
        {
            tries.ShouldBeLessThan(1_000);
        }
    }

    private static async Task RebuildAsync(LoaderUnderTest host, int replay, long upTo)
    {
        if (upTo == 0)
        {
            return;
        }

        for (var tries = 0; ; tries++)
        {
            tries.ShouldBeLessThan(1_000);
            try
            {
                var shadow = host.OpenShadow(null);
                await shadow.OpenAsync(replay, default);
                await RebuildTests.LoadAsync(shadow, 1, upTo, isRepeat: tries > 0);
                await shadow.SwapAsync(upTo, default);
                return;
            }
            catch (Exception e) when (LoadingFaults.IsTransient(e))
            {
                e.ShouldNotBeNull();
            }
        }
    }

    /// <summary>One insert in four fails: never arrives, arrives unheard, or arrives late and unheard.</summary>
    private static async Task FaultAsync(Random random, string sql, HttpContext context, Func<Task> pass)
    {
        var fault = sql.StartsWith("INSERT INTO usage", StringComparison.Ordinal) ? Next(random, 0, 12) : int.MaxValue;
        if (fault == 1)
        {
            await Task.Delay(Next(random, 1, 200));
        }

        if (fault > 0)
        {
            await pass();
        }

        if (fault < 3)
        {
            context.Abort();
        }
    }

    private static int Next(Random random, int from, int to)
    {
        lock (random)
        {
            return random.Next(from, to);
        }
    }
}

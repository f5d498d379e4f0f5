using System.Collections.Concurrent;
using System.Globalization;
using Bxb.Analytics.Loading;
using Bxb.Analytics.Tests.Rebuild;
using Bxb.Testing;
using Microsoft.AspNetCore.Http;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>After any order of batches, repeats, faults, hosts, transports and rebuilds each event is in ClickHouse exactly once.</summary>
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
        var formerOwners = new ConcurrentDictionary<(LoaderUnderTest Host, string? Topic, int Partition), Task>();
        SimulatedWorker[] workers = [new(null, 0, 1)];
        for (var round = 0; round < 5; round++)
        {
            // The transport changes: batches being loaded can still arrive, and progress continues from the lowest one.
            var progress = workers.Min(w => w.Progress);
            var delivered = workers.Max(w => Math.Max(w.Progress, w.Delivered));
            workers = random.Next(3) switch
            {
                0 => [new SimulatedWorker(null, 0, 1)],
                var topic => [.. Enumerable.Range(0, Partitions).Select(p => new SimulatedWorker($"topic-{topic}", p, Partitions))],
            };
            head += random.Next(200, 600);
            var rebuild = random.Next(2) == 0 ? RebuildAsync(hosts[random.Next(2)], round, progress) : Task.CompletedTask;
            await Task.WhenAll(workers.Select(w => WorkAsync(w, hosts, random, progress, delivered, head, formerOwners, last: round == 4)));
            await rebuild;
        }

        await Task.WhenAll(formerOwners.Values);
        await using var path = await FaultyPath.StartAsync(database);
        using var reader = new LoaderUnderTest(path.Url);
        await reader.HoldsExactlyAsync(1, head);
    }

    /// <summary>Delivers one partition on either host until everything is loaded, or until the transport changes.</summary>
    private static async Task WorkAsync(
        SimulatedWorker worker, LoaderUnderTest[] hosts, Random random, long progress, long delivered, long head, ConcurrentDictionary<(LoaderUnderTest Host, string? Topic, int Partition), Task> formerOwners, bool last)
    {
        (worker.Progress, worker.Delivered) = (progress, delivered);
        LoaderUnderTest? host = null;
        var steps = last ? int.MaxValue : Next(random, 2, 12);
        for (var step = 0; step < steps && (worker.Progress < head || host is null); step++)
        {
            var move = Next(random, 0, 6);
            if (host is null || move == 0)
            {
                host = hosts[Next(random, 0, 2)];
                await (formerOwners.TryRemove((host, worker.Place.Topic, worker.Place.Partition), out var former) ? former : Task.CompletedTask);
                await TakeOverAsync(worker, host);
            }
            else if (move == 1)
            {
                await Record.ExceptionAsync(() => host.Loader.CheckpointAsync(default));
            }

            var upTo = Math.Min(head, worker.Progress + Next(random, 1, 200));
            if (!await worker.LoadAsync(host, upTo) && worker.HasUnfinished && Next(random, 0, 4) == 0)
            {
                // The partition is taken over while its former owner, which does not know, sends the batch once more.
                formerOwners[(host, worker.Place.Topic, worker.Place.Partition)] = worker.Copy().LoadAsync(host, upTo);
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
                continue;
            }
        }
    }

    /// <summary>One insert in four fails: it does not arrive, or its answer is lost, or it arrives late and its answer is lost.</summary>
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

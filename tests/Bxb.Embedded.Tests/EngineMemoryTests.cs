using System.Globalization;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.Embedded.Tests;

/// <summary>What <see cref="EmbeddedClickHouseOptions.MemoryBytes"/> bounds: the anonymous memory of the engine's process, as the kernel counts it.</summary>
public sealed class EngineMemoryTests
{
    private const long Limit = 512L << 20;

    // Each wants more than the limit by itself: a hash table, a sort, a state and groups of texts.
    private static readonly string[] Queries =
    [
        "SELECT sum(n) FROM (SELECT number % 3000000 AS k, count() AS n FROM numbers(9000000) GROUP BY k)",
        "SELECT count() FROM (SELECT id, text FROM wide ORDER BY cityHash64(id), text)",
        "SELECT uniqExact(id, text) FROM wide CROSS JOIN numbers(4) AS n",
        "SELECT max(length(groups)) FROM (SELECT id % 100000 AS k, groupArray(concat(text, toString(n.number))) AS groups FROM wide CROSS JOIN numbers(10) AS n GROUP BY k)",
    ];

    [Fact]
    public async Task Heavy_queries_beside_inserts_keep_the_process_within_the_limit()
    {
        await using var engine = await EmbeddedClickHouse.StartAsync(
            new EmbeddedClickHouseOptions { DataDirectory = await TestDirectories.CreateAsync("memory"), MemoryBytes = Limit }, NullLoggerFactory.Instance, CancellationToken.None);
        var process = engine.ProcessId!.Value;
        await TestClickHouse.ExecuteAsync(engine.Url, "CREATE TABLE wide (id UInt64, text String) ENGINE = MergeTree ORDER BY id");
        await InsertAsync(engine.Url, 1_000_000);
        using var done = new CancellationTokenSource();
        var peak = PeakAsync(process, done.Token);
        var work = await Task.WhenAll([.. Queries.Select((_, n) => RunAllAsync(engine.Url, n)), InsertsAsync(engine.Url)]);
        await done.CancelAsync();

        (await peak).ShouldBeInRange(Limit / 4, Limit);
        engine.ProcessId.ShouldBe(process);
        // A limit that lets nothing run would hold too.
        work.Sum().ShouldBeGreaterThan(Queries.Length);
        (await TestClickHouse.ExecuteAsync(engine.Url, "SELECT count() > 1000000 FROM wide")).ShouldBe("1\n");
    }

    /// <summary>Runs every query once, beginning with another than the other callers; returns how many were answered. One that is too large is refused.</summary>
    private static async Task<int> RunAllAsync(Uri url, int first)
    {
        var answered = 0;
        for (var n = 0; n < Queries.Length; n++)
        {
            var (status, code, text) = await EngineHttp.ErrorAsync(url, "", Queries[(first + n) % Queries.Length]);
            answered += status == 200 ? 1 : 0;
            (code is "none" or "241").ShouldBeTrue(text);
        }

        return answered;
    }

    private static async Task<int> InsertsAsync(Uri url)
    {
        for (var n = 0; n < 20; n++)
        {
            await InsertAsync(url, 20_000);
        }

        return 0;
    }

    private static async Task InsertAsync(Uri url, int rows)
    {
        var (_, code, text) = await EngineHttp.ErrorAsync(
            url, "", string.Create(CultureInfo.InvariantCulture, $"INSERT INTO wide SELECT number, concat('text-', toString(cityHash64(number))) FROM numbers({rows})"));
        (code is "none" or "241").ShouldBeTrue(text);
    }

    /// <summary>The most bytes of anonymous memory that were seen until the token is cancelled, looked at every few milliseconds.</summary>
    private static async Task<long> PeakAsync(int process, CancellationToken until)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var peak = 0L;
        while (!until.IsCancellationRequested)
        {
            var line = (await File.ReadAllLinesAsync($"/proc/{process}/status", CancellationToken.None)).Single(l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
            peak = Math.Max(peak, long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10);
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        return peak;
    }
}

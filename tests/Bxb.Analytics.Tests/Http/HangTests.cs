using System.Diagnostics;
using Bxb.Analytics.Tests.Cases;
using Bxb.Analytics.Tests.Loading;
using Bxb.Embedded;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.Analytics.Tests.Http;

/// <summary>A ClickHouse that takes connections and does not answer.</summary>
public sealed class HangTests
{
    private const string Range = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z";

    [Fact]
    public async Task PostgreSQL_answers_and_no_query_but_the_first_waits_until_a_probe_is_answered()
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        await using var host = await StartAsync(path.Url);
        await IsAnsweredAsync(host, "auto", "clickhouse");
        var (queries, release) = (0, new TaskCompletionSource());
        path.OnStatement = async (sql, _, pass) =>
        {
            queries += IsUsage(sql) ? 1 : 0;
            await release.Task;
            await pass();
        };

        for (var i = 0; i < 20; i++)
        {
            await IsAnsweredAsync(host, "auto", "postgresql");
        }

        queries.ShouldBe(1);
        (await host.GetAsync($"/v1/usage?metric=calls&{Range}&store=clickhouse")).Status.ShouldBe(503);

        path.OnStatement = null;
        release.SetResult();
        await Eventually.HoldsAsync(async () => (await AskAsync(host, "auto")).Store == "clickhouse", "ClickHouse answers again");
    }

    [Fact]
    public async Task A_query_that_takes_its_time_is_waited_for_as_long_as_the_server_gives_a_sign_of_life()
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        await using var host = await StartAsync(path.Url);
        await IsAnsweredAsync(host, "auto", "clickhouse");
        var (pings, slow) = (0, new TaskCompletionSource());
        path.OnStatement = async (sql, _, pass) =>
        {
            if (sql == "/ping" && ++pings == 4)
            {
                slow.SetResult();
            }

            await (IsUsage(sql) ? slow.Task : Task.CompletedTask);
            await pass();
        };

        await IsAnsweredAsync(host, "auto", "clickhouse");

        pings.ShouldBeGreaterThanOrEqualTo(4);
    }

    [Fact]
    public async Task An_engine_that_is_stopped_is_a_hang_and_answers_again_when_it_goes_on()
    {
        await using var engine = await EmbeddedClickHouse.StartAsync(
            new EmbeddedClickHouseOptions { DataDirectory = await TestDirectories.CreateAsync("stopped") }, NullLoggerFactory.Instance, CancellationToken.None);
        await using var host = await StartAsync(engine.Url);
        await IsAnsweredAsync(host, "auto", "clickhouse");
        var process = engine.ProcessId.ShouldNotBeNull();
        await SignalAsync("-STOP", process);
        try
        {
            await IsAnsweredAsync(host, "auto", "postgresql");
            await IsAnsweredAsync(host, "auto", "postgresql");
        }
        finally
        {
            await SignalAsync("-CONT", process);
        }

        await Eventually.HoldsAsync(async () => (await AskAsync(host, "auto")).Store == "clickhouse", "the engine answers again");
    }

    private static async Task<UsageHost> StartAsync(Uri clickHouse)
    {
        var host = new UsageHost { ClickHouseUrl = clickHouse };
        host.Settings["Bxb:Usage:HangTimeout"] = "00:00:01";
        host.Settings["Bxb:Usage:AwayFor"] = "00:00:00.1";
        await host.InitializeAsync();
        await host.MetricAsync("calls", "count", null);
        var position = await host.AppendAsync(new CaseEvent("a", "2026-01-05T00:00:00Z"));
        (await host.GetAsync($"/v1/usage?metric=calls&{Range}&min_position={position}&timeout=30&store=clickhouse")).Status.ShouldBe(200);
        return host;
    }

    private static bool IsUsage(string sql) => sql.Contains("FROM usage", StringComparison.Ordinal) && sql.Contains("GROUP BY", StringComparison.Ordinal);

    private static async Task<(string? Store, string? Value)> AskAsync(UsageHost host, string store)
    {
        var (status, answer) = await host.GetAsync($"/v1/usage?metric=calls&{Range}&store={store}");
        status.ShouldBe(200, answer.ToString());
        return (answer.GetProperty("store").GetString(), answer.GetProperty("rows")[0].GetProperty("value").GetString());
    }

    private static async Task IsAnsweredAsync(UsageHost host, string store, string by) => (await AskAsync(host, store)).ShouldBe((by, "1"));

    private static async Task SignalAsync(string signal, int process)
    {
        using var kill = Process.Start("kill", [signal, process.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}

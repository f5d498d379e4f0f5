using System.Globalization;
using Bxb.Analytics.Loading;
using Bxb.Analytics.Tests.Cases;
using Bxb.ClickHouse;
using Bxb.Embedded;
using Bxb.EventLog;
using Bxb.EventLog.Schema;
using Bxb.Riders;
using Bxb.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>The group <c>analytics</c> as the host runs it: log, rider, loader, engine.</summary>
public class AnalyticsGroupTests
{
    [Fact]
    public async Task Events_of_the_log_arrive_a_stopped_host_leaves_nothing_to_repeat_and_a_lost_checkpoint_is_made_up_for()
    {
        await using var log = await TestLog.StartAsync();
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var client = new ClickHouseClient(new() { Url = url });
        await log.AppendAsync(1, Events(0, 2_000));

        using (var host = await StartAsync(log, url))
        {
            await WaitAsync(host, log);
            await log.AppendAsync(1, Events(2_000, 1_000));
            await WaitAsync(host, log);
            await host.StopAsync();
        }

        var head = await HeadAsync(log);
        (await NumberAsync(client, "SELECT max(position) FROM loader_checkpoints")).ShouldBe(head);
        (await NumberAsync(client, "SELECT count() FROM usage")).ShouldBe(3_000);

        // As in an older copy of the data: fewer rows, and a checkpoint below the progress.
        await client.ExecuteAsync(new("TRUNCATE TABLE loader_checkpoints"));
        await client.ExecuteAsync(new("ALTER TABLE usage DELETE WHERE position % 3 = 0 SETTINGS mutations_sync = 1"));
        using (var host = await StartAsync(log, url))
        {
            await log.AppendAsync(1, Events(3_000, 10));
            await WaitAsync(host, log);
            await host.StopAsync();
        }

        (await NumberAsync(client, "SELECT count() FROM usage")).ShouldBe(3_010);
        (await NumberAsync(client, "SELECT uniqExact(position) FROM usage")).ShouldBe(3_010);
        (await NumberAsync(client, "SELECT max(position) FROM loader_checkpoints")).ShouldBe(await HeadAsync(log));
    }

    [Fact]
    public async Task An_engine_that_comes_back_without_its_last_rows_is_filled_though_nothing_new_comes()
    {
        await using var log = await TestLog.StartAsync();
        await using var engine = await EmbeddedClickHouse.StartAsync(
            new EmbeddedClickHouseOptions { DataDirectory = await TestDirectories.CreateAsync("idle") }, NullLoggerFactory.Instance, default);
        using var client = new ClickHouseClient(new() { Url = engine.Url });
        using var host = await StartAsync(log, engine.Url);
        await log.AppendAsync(1, Events(0, 2_000));
        await WaitAsync(host, log);
        await client.ExecuteAsync(new("ALTER TABLE usage DELETE WHERE position % 3 = 0 SETTINGS mutations_sync = 1"));

        System.Diagnostics.Process.GetProcessById(engine.ProcessId!.Value).Kill();
        await Eventually.HoldsAsync(async () =>
        {
            try
            {
                return await NumberAsync(client, "SELECT count() FROM usage") == 2_000;
            }
            catch (ClickHouseException e) when (e.IsTransient)
            {
                return false;
            }
        });
        await Eventually.HoldsAsync(() => !host.Services.GetRequiredService<UsageLoader>().MayHaveLostRows);
        await WaitAsync(host, log);
        await host.StopAsync();
        (await NumberAsync(client, "SELECT uniqExact(position) FROM usage")).ShouldBe(2_000);
        (await NumberAsync(client, "SELECT count() FROM usage")).ShouldBe(2_000);
    }

    private static IEnumerable<CaseEvent> Events(int first, int count) => Enumerable.Range(first, count)
        .Select(i => new CaseEvent("c", "2026-01-01T00:00:00Z", $"{{\"n\": {i.ToString(CultureInfo.InvariantCulture)}}}") { Id = $"e-{i}" });

    private static async Task<IHost> StartAsync(TestLog log, Uri clickHouse)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Bxb:ClickHouse:Url", clickHouse.ToString()), new("Bxb:Analytics:CheckpointInterval", "00:10:00")]);
        builder.Services.AddEventLog(o => o.ConnectionString = log.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<EventLogOptions>>().Value.ConnectionString);
        new AnalyticsModule().AddServices(builder.Services, builder.Configuration.GetSection("Bxb"));
        builder.Services.AddRiders();
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        var host = builder.Build();
        await host.Services.MigrateSqlAsync(default);
        await host.StartAsync();
        return host;
    }

    private static async Task WaitAsync(IHost host, TestLog log) =>
        (await host.Services.GetRequiredService<ConsumerGroups>().WaitForAsync("analytics", await HeadAsync(log), TimeSpan.FromSeconds(60), default)).ShouldBeTrue();

    private static async Task<long> HeadAsync(TestLog log)
    {
        await using var command = log.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("select max(position) from event_log.events");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<long> NumberAsync(ClickHouseClient client, string sql)
    {
        await using var rows = await client.QueryAsync(new(sql));
        (await rows.ReadAsync()).ShouldBeTrue();
        return rows.GetInt64(0);
    }

    /// <summary>Leaves the signals of the process to the test runner.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

using Bxb.Embedded.Postgres;
using Bxb.Embedded.Processes;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.Embedded.Tests;

public sealed class KilledHostTests
{
    [Fact]
    public async Task A_killed_host_takes_its_engines_with_it_and_the_next_start_has_every_committed_row()
    {
        var data = await TestDirectories.CreateAsync("killed-host");
        for (var round = 1; round <= 2; round++)
        {
            using var host = await ChildHost.StartAsync(data);
            await ExecuteAsync(host.ConnectionString, "create table if not exists kept (n int)");
            await ExecuteAsync(host.ConnectionString, "insert into kept values (1)");
            await TestClickHouse.ExecuteAsync(host.Url, "CREATE TABLE IF NOT EXISTS kept (n UInt8) ENGINE = MergeTree ORDER BY n");
            await TestClickHouse.ExecuteAsync(host.Url, "INSERT INTO kept VALUES (1)");
            (await ExecuteAsync(host.ConnectionString, "select count(*) from kept")).ShouldBe((long)round);
            (await TestClickHouse.ExecuteAsync(host.Url, "SELECT count() FROM kept")).ShouldBe($"{round}\n");
            host.Process.Kill();
            await Eventually.HoldsAsync(() => !Libc.IsAlive(host.EngineId) && !Libc.IsAlive(host.PostgresId), "the end of both engines");
        }

        await using var postgres = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { DataDirectory = data }, NullLoggerFactory.Instance, CancellationToken.None);
        (await ExecuteAsync(postgres.ConnectionString, "select count(*) from kept")).ShouldBe(2L);
    }

    [Fact]
    public async Task A_host_and_its_engines_killed_at_once_start_again()
    {
        var data = await TestDirectories.CreateAsync("all-killed");
        using (var host = await ChildHost.StartAsync(data))
        {
            await ExecuteAsync(host.ConnectionString, "create table kept (n int)");
            host.Process.Kill();
            Libc.Signal(host.PostgresId, Libc.SigKill);
            Libc.Signal(host.EngineId, Libc.SigKill);
        }

        using var again = await ChildHost.StartAsync(data);
        (await ExecuteAsync(again.ConnectionString, "select count(*) from kept")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_second_host_is_refused_with_the_first_ones_process_id()
    {
        var data = await TestDirectories.CreateAsync("second-host");
        using var host = await ChildHost.StartAsync(data);
        Should.Throw<EmbeddedEngineException>(() => DataDirectoryLock.Acquire(data)).Message.ShouldContain($"process {host.Process.Id}");
        using var second = ChildHost.Launch(data);
        (await second.StandardError.ReadToEndAsync()).ShouldContain($"process {host.Process.Id}");
        (await ExecuteAsync(host.ConnectionString, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_host_that_stops_in_order_leaves_nothing_running()
    {
        var data = await TestDirectories.CreateAsync("in-order");
        using var host = await ChildHost.StartAsync(data);
        host.Process.StandardInput.Close();
        await host.Process.WaitForExitAsync();
        Libc.IsAlive(host.EngineId).ShouldBeFalse();
        Libc.IsAlive(host.PostgresId).ShouldBeFalse();
        using var free = DataDirectoryLock.Acquire(data);
    }

    [Fact]
    public async Task A_server_that_outlived_its_host_is_ended_by_the_next_start()
    {
        // As on a system without the parent-death signal: the server was started by somebody who is not there any more.
        var data = await TestDirectories.CreateAsync("outlived");
        var options = new EmbeddedPostgresOptions { DataDirectory = data, SharedBuffersBytes = 16 << 20 };
        await (await EmbeddedPostgres.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None)).DisposeAsync();
        var home = await ClusterHome.OpenAsync(data, NullLogger.Instance, CancellationToken.None);
        var start = PostgresProgram.Tool("postgres", home, ["-D", home.Cluster, .. PostgresSettings.Arguments(options, 0x6000 + (Environment.ProcessId % 8000))]);
        using var outlived = await ProcessStarter.StartAsync(start);
        await Eventually.HoldsAsync(() => File.Exists(Path.Combine(home.Cluster, "postmaster.pid")));

        await using var server = await EmbeddedPostgres.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        await outlived.WaitForExitAsync();
        (await ExecuteAsync(server.ConnectionString, "select 1")).ShouldBe(1);
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}

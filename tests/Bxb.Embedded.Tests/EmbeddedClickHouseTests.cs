using System.Net;
using Bxb.Embedded.Binaries;
using Bxb.Embedded.ClickHouse;
using Bxb.Embedded.Processes;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.Embedded.Tests;

public sealed class EmbeddedClickHouseTests
{
    [Fact]
    public async Task A_second_start_keeps_rows_and_url_and_a_new_instance_is_seen()
    {
        var data = await TestDirectories.CreateAsync("second-start");
        Uri url;
        string instance;
        await using (var engine = await StartAsync(data))
        {
            url = engine.Url;
            instance = await InstanceAsync(url);
            await TestClickHouse.ExecuteAsync(url, "CREATE TABLE kept (n UInt8) ENGINE = MergeTree ORDER BY n");
            await TestClickHouse.ExecuteAsync(url, "INSERT INTO kept VALUES (7)");
        }

        await using var again = await StartAsync(data);
        again.Url.ShouldBe(url);
        (await TestClickHouse.ExecuteAsync(url, "SELECT n FROM kept")).ShouldBe("7\n");
        (await InstanceAsync(url)).ShouldNotBe(instance);
    }

    [Fact]
    public async Task An_engine_that_is_killed_or_frozen_is_restarted_on_the_same_url_with_its_rows()
    {
        const int SigStop = 19;
        await using var engine = await StartAsync(await TestDirectories.CreateAsync("dies"));
        await TestClickHouse.ExecuteAsync(engine.Url, "CREATE TABLE kept (n UInt8) ENGINE = MergeTree ORDER BY n");
        var deaths = 0;
        foreach (var signal in new[] { Libc.SigKill, Libc.SigKill, SigStop })
        {
            await TestClickHouse.ExecuteAsync(engine.Url, "INSERT INTO kept VALUES (1)");
            deaths++;
            Libc.Signal(engine.ProcessId!.Value, signal).ShouldBeTrue();
            await Eventually.HoldsAsync(() => engine.Restarts == deaths && engine.ProcessId is not null, $"restart after signal {signal}");
            (await TestClickHouse.ExecuteAsync(engine.Url, "SELECT count() FROM kept")).ShouldBe($"{deaths}\n");
        }
    }

    [Fact]
    public async Task The_engine_listens_on_loopback_alone_its_files_are_private_and_nothing_runs_after_a_stop()
    {
        int pid;
        var data = await TestDirectories.CreateAsync("stopped");
        await using (var engine = await StartAsync(data))
        {
            pid = engine.ProcessId!.Value;
            File.GetUnixFileMode(Path.Combine(data, "clickhouse")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Listeners.AddressesOf(engine.Url.Port).ShouldBe(["127.0.0.1"]);
        }

        Libc.IsAlive(pid).ShouldBeFalse();
    }

    [Fact]
    public async Task A_second_engine_on_the_same_directory_is_refused()
    {
        var data = await TestDirectories.CreateAsync("twice");
        await using var engine = await StartAsync(data);
        (await Should.ThrowAsync<EmbeddedEngineException>(() => StartAsync(data))).Message.ShouldContain($"process {Environment.ProcessId}");
        (await TestClickHouse.ExecuteAsync(engine.Url, "SELECT 1")).ShouldBe("1\n");
    }

    [Fact]
    public async Task An_engine_that_outlived_its_host_is_ended_by_the_next_start()
    {
        var data = await TestDirectories.CreateAsync("outlived");
        await (await StartAsync(data)).DisposeAsync();
        var home = EngineHome.Of(data);
        var options = new EmbeddedClickHouseOptions { DataDirectory = data };
        using var outlived = await ProcessStarter.StartAsync(EngineProgram.StartInfo(options, home, await LibraryAsync(), 0x5000 + (Environment.ProcessId % 4000)));
        (await outlived.StandardOutput.ReadLineAsync()).ShouldStartWith("ready");

        await using var engine = await StartAsync(data);
        await outlived.WaitForExitAsync();
        (await TestClickHouse.ExecuteAsync(engine.Url, "SELECT 1")).ShouldBe("1\n");
    }

    [Fact]
    public async Task An_engine_whose_input_ends_goes()
    {
        var data = await TestDirectories.CreateAsync("input-ends");
        await (await StartAsync(data)).DisposeAsync();
        using var process = await ProcessStarter.StartAsync(
            EngineProgram.StartInfo(new EmbeddedClickHouseOptions { DataDirectory = data }, EngineHome.Of(data), await LibraryAsync(), 0x7000 + (Environment.ProcessId % 4000)));
        (await process.StandardOutput.ReadLineAsync()).ShouldStartWith("ready");
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task A_broken_data_folder_ends_the_start_with_the_engines_own_words()
    {
        var data = await TestDirectories.CreateAsync("broken");
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(data, "clickhouse")).FullName, "data"), "not a folder");
        (await Should.ThrowAsync<EmbeddedEngineException>(() => StartAsync(data))).Message.ShouldContain("data");
    }

    [Fact]
    public async Task A_missing_engine_is_named_with_what_to_do()
    {
        var empty = await TestDirectories.CreateAsync("no-cache");
        var message = (await Should.ThrowAsync<EmbeddedEngineException>(() => EngineCache.FindAsync("clickhouse", empty, CancellationToken.None))).Message;
        message.ShouldContain("@chdb/lib-linux-x64-gnu 26.5.3");
        message.ShouldContain("dotnet build");
    }

    private static Task<EmbeddedClickHouse> StartAsync(string data) =>
        EmbeddedClickHouse.StartAsync(new EmbeddedClickHouseOptions { DataDirectory = data }, NullLoggerFactory.Instance, CancellationToken.None);

    private static async Task<string> LibraryAsync() => Path.Combine(await EngineCache.FindAsync("clickhouse", CancellationToken.None), "libchdb.so");

    private static async Task<string> InstanceAsync(Uri url)
    {
        using var answer = await EngineHttp.PostAsync(url, "", "SELECT 1");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return answer.Headers.GetValues("X-ClickHouse-Server-Display-Name").Single();
    }
}

using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests;

/// <summary>How a host starts, refuses to start, and what it leaves behind.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task A_second_host_on_the_same_data_is_refused_and_the_first_is_not_disturbed()
    {
        using var directory = new TemporaryDirectory();
        await using var first = await HostProcess.StartAsync(directory.Path);
        var second = await HostProcess.LaunchAsync(directory.Path);
        (await second.ExitAsync()).ShouldBe(1);
        second.Output.ShouldContain(first.Id.ToString());
        await first.Client.PostJsonAsync("/v1/events", """{"transaction_id": "1", "external_customer_id": "c", "code": "x"}""");
    }

    [Fact]
    public async Task A_host_that_stops_leaves_nothing_running_and_its_data_for_the_next()
    {
        using var directory = new TemporaryDirectory();
        string key;
        await using (var host = await HostProcess.StartAsync(directory.Path))
        {
            key = host.ApiKey;
            await host.Client.PostJsonAsync("/v1/events", """{"transaction_id": "1", "external_customer_id": "c", "code": "x"}""");
            (await host.StopAsync()).ShouldBe(0, host.Output);
        }

        ProcessTree.NamingDirectory(directory.Path).ShouldBeEmpty();
#pragma warning disable CA1416 // The tests run where the engines do.
        File.GetUnixFileMode(Path.Combine(directory.Path, "api-key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
#pragma warning restore CA1416
        await using var again = await HostProcess.StartAsync(directory.Path);
        again.ApiKey.ShouldBe(key);
        await again.Client.PostJsonAsync("/v1/events", """{"transaction_id": "1", "external_customer_id": "c", "code": "x"}""", 200);
    }

    [Fact]
    public async Task A_host_runs_on_servers_that_it_did_not_start()
    {
        using var directory = new TemporaryDirectory();
        using var ownDirectory = new TemporaryDirectory();
        var postgres = await Bxb.Testing.TestPostgres.CreateDatabaseAsync();
        var clickHouse = await Bxb.Testing.TestClickHouse.CreateDatabaseAsync();
        await using var host = await HostProcess.StartAsync(
            // With the line ends that secrets from files have.
            ownDirectory.Path, $"--Bxb:Postgres:ConnectionString={postgres}\n", $"--Bxb:ClickHouse:Url={clickHouse.OriginalString}\r\n", "--Bxb:Bootstrap:Organization=acme",
            "--Bxb:Bootstrap:ApiKey=bxb_a-key-from-the-settings\n");
        await host.Client.MetricAsync("m", "m", "count");
        var posted = await host.Client.PostJsonAsync("/v1/events", """{"transaction_id": "1", "external_customer_id": "c", "code": "m"}""");
        (await host.Client.TotalAsync("m", "clickhouse", posted.Position())).ShouldBe("1");
        (await host.Client.TotalAsync("m", "postgresql", posted.Position())).ShouldBe("1");
        Directory.EnumerateFileSystemEntries(ownDirectory.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_an_analytics_store_postgresql_answers()
    {
        using var directory = new TemporaryDirectory();
        await using var host = await HostProcess.StartAsync(directory.Path, "--Bxb:ClickHouse:Enabled=false");
        await host.Client.MetricAsync("m", "m", "count");
        var posted = await host.Client.PostJsonAsync("/v1/events", """{"transaction_id": "1", "external_customer_id": "c", "code": "m"}""");
        var answer = await host.Client.GetJsonAsync($"/v1/usage?metric=m&from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&min_position={posted.Position()}");
        answer["store"]!.GetValue<string>().ShouldBe("postgresql");
        answer["rows"]![0]!["value"]!.GetValue<string>().ShouldBe("1");
    }

    [Fact]
    public async Task Keys_are_created_from_the_command_line_beside_a_running_host()
    {
        using var directory = new TemporaryDirectory();
        await using var host = await HostProcess.StartAsync(directory.Path);
        var (exit, text) = await HostProcess.RunAsync("keys", "create", "--organization", "acme", "--scopes", "read", $"--Bxb:DataDirectory={directory.Path}");
        exit.ShouldBe(0, text);
        var key = text.Split((char[])['\n', ' '], StringSplitOptions.RemoveEmptyEntries).Single(w => w.StartsWith("bxb_", StringComparison.Ordinal));
        (await host.Client.SendAsync(HttpMethod.Get, "/v1/events", key: key)).Status.ShouldBe(200);
        (await host.Client.SendAsync(HttpMethod.Post, "/v1/events", "{}", key)).Status.ShouldBe(403);
    }

    [Fact]
    public async Task The_version_is_one_line()
    {
        var (exit, text) = await HostProcess.RunAsync("version");
        exit.ShouldBe(0);
        text.Trim().ShouldMatch(@"^\d+\.\d+\.\d+$");
    }
}

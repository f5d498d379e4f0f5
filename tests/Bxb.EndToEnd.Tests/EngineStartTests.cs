using Bxb.Embedded.Binaries;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;

namespace Bxb.EndToEnd.Tests;

/// <summary>An embedded ClickHouse engine that does not start.</summary>
public sealed class EngineStartTests
{
    private const string Key = "bxb_a-key-from-the-settings";

    [Fact]
    public async Task The_host_serves_from_postgresql_until_an_engine_that_dies_at_its_start_can_run()
    {
        using var directory = new TemporaryDirectory();
        using var cache = new TemporaryDirectory();
        var library = await FillCacheAsync(cache.Path);
        TrappingLibrary.Write(library);
        await using var host = await HostProcess.LaunchAsync(
            directory.Path, [new(EngineCache.Variable, cache.Path)], "--Bxb:Bootstrap:Organization=acme", $"--Bxb:Bootstrap:ApiKey={Key}");
        using var client = host.ClientWith(Key, TimeSpan.FromMinutes(1));
        await Eventually.HoldsAsync(async () => await EngineAsync(host) == "degraded", () => host.Output, TimeSpan.FromMinutes(3));

        await client.MetricAsync("m", "m", "count");
        var position = (await client.PostJsonAsync("/v1/events", """{"transaction_id": "1", "external_customer_id": "c", "code": "m"}""")).Position();
        var answer = await client.GetJsonAsync($"/v1/usage?metric=m&from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&min_position={position}");
        answer["store"]!.GetValue<string>().ShouldBe("postgresql");
        answer["rows"]![0]!["value"]!.GetValue<string>().ShouldBe("1");
        host.Output.ShouldContain("The ClickHouse engine ended at its start by signal SIGILL: the processor may lack instructions");

        File.CreateSymbolicLink(library + ".new", Path.Combine(await EngineCache.FindAsync("clickhouse", CancellationToken.None), "libchdb.so"));
        File.Move(library + ".new", library, overwrite: true);
        await Eventually.HoldsAsync(async () => await EngineAsync(host) == "healthy", () => host.Output, TimeSpan.FromMinutes(3));
        (await client.TotalAsync("m", "clickhouse", position)).ShouldBe("1");
        // However often it was tried.
        host.Output.Split("cannot start").Length.ShouldBe(2, host.Output);
        (await host.StopAsync()).ShouldBe(0, host.Output);
        ProcessTree.NamingDirectory(directory.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_postgresql_that_dies_at_its_start_ends_the_hosts_start_with_one_sentence()
    {
        using var directory = new TemporaryDirectory();
        var cluster = Directory.CreateDirectory(Path.Combine(directory.Path, "postgres", "cluster")).FullName;
        await File.WriteAllTextAsync(Path.Combine(cluster, "PG_VERSION"), "9\n");
        await using var host = await HostProcess.LaunchAsync(directory.Path, "--Bxb:ClickHouse:Enabled=false");
        (await host.ExitAsync()).ShouldBe(1, host.Output);
        host.Output.ShouldContain("PostgreSQL ended at its start with exit code");
    }

    /// <summary>A cache with the real PostgreSQL and room for another engine's library, whose path is returned.</summary>
    private static async Task<string> FillCacheAsync(string cache)
    {
        var postgres = await EngineCatalog.FindAsync("postgres", CancellationToken.None);
        Directory.CreateSymbolicLink(Path.Combine(cache, postgres.FolderName), await EngineCache.FindAsync("postgres", CancellationToken.None));
        var engine = await EngineCatalog.FindAsync("clickhouse", CancellationToken.None);
        var folder = Directory.CreateDirectory(Path.Combine(cache, engine.FolderName)).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, ".complete"), engine.Integrity);
        return Path.Combine(folder, "libchdb.so");
    }

    private static async Task<string?> EngineAsync(HostProcess host)
    {
        try
        {
            var (_, ready) = await host.Client.SendAsync(HttpMethod.Get, "/health/ready");
            return ready["checks"]?["clickhouse_engine"]?["status"]?.GetValue<string>();
        }
        catch (HttpRequestException)
        {
            // Not listening yet.
            return null;
        }
    }
}

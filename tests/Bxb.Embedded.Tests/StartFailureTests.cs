using Bxb.Embedded.Binaries;
using Bxb.Embedded.Processes;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.Embedded.Tests;

/// <summary>What a start that fails says: one line with the engine, the file and the cause.</summary>
public sealed class StartFailureTests
{
    [Theory]
    [InlineData(0, "with exit code 0")]
    [InlineData(1, "with exit code 1")]
    [InlineData(128 + 4, "by signal SIGILL: the processor may lack instructions that the program was built for")]
    [InlineData(128 + 11, "by signal SIGSEGV")]
    [InlineData(128 + 34, "by signal 34")]
    [InlineData(255, "with exit code 255")]
    public void The_end_of_a_process_is_named(int exitCode, string expected) => ProcessEnd.Describe(exitCode).ShouldBe(expected);

    [Theory]
    [InlineData("", "The data directory")]
    [InlineData("clickhouse", "The data directory")]
    [InlineData("clickhouse/data", "The ClickHouse engine ended at its start with exit code 1.")]
    public async Task A_file_in_the_place_of_a_folder_of_clickhouse_is_named(string place, string beginning)
    {
        var data = Path.Combine(await TestDirectories.CreateAsync("file"), "here");
        var file = Path.Combine(data, place).TrimEnd('/');
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, "");
        ShouldBeOneLine(await Should.ThrowAsync<EmbeddedEngineException>(() => StartClickHouseAsync(data)), beginning, file);
    }

    [Theory]
    [InlineData("lock", "The data directory")]
    [InlineData("password", "The ClickHouse engine's folder")]
    [InlineData("port", "The ClickHouse engine's folder")]
    [InlineData("config.xml", "The ClickHouse engine ended at its start with exit code 1.")]
    public async Task A_file_of_clickhouse_that_cannot_be_written_is_named(string name, string beginning)
    {
        var data = await TestDirectories.CreateAsync("unwritable");
        // Root may write any file, but no folder is one.
        var taken = Directory.CreateDirectory(Path.Combine(data, "clickhouse", name, "in-the-way")).Parent!.FullName;
        ShouldBeOneLine(await Should.ThrowAsync<EmbeddedEngineException>(() => StartClickHouseAsync(data)), beginning, taken);
    }

    [Theory]
    [InlineData("lock", "The data directory")]
    [InlineData("password", "PostgreSQL's folder")]
    [InlineData("cluster.initdb", "PostgreSQL's folder")]
    [InlineData("cluster/PG_VERSION", "is neither empty nor a PostgreSQL cluster")]
    public async Task A_file_of_postgresql_that_cannot_be_written_is_named(string name, string text)
    {
        var data = await TestDirectories.CreateAsync("unwritable");
        var taken = Path.Combine(data, "postgres", name);
        if (name == "cluster.initdb")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(taken)!);
            await File.WriteAllTextAsync(taken, "");
        }
        else
        {
            Directory.CreateDirectory(Path.Combine(taken, "in-the-way"));
        }

        var start = EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { DataDirectory = data }, NullLoggerFactory.Instance, CancellationToken.None);
        ShouldBeOneLine(await Should.ThrowAsync<EmbeddedEngineException>(() => start), text, Path.Combine(data, "postgres"));
    }

    [Fact]
    public async Task An_engine_is_known_to_be_there_for_some_platforms_only()
    {
        (await EngineCatalog.HasAsync("clickhouse", "linux-x64", CancellationToken.None)).ShouldBeTrue();
        (await EngineCatalog.HasAsync("clickhouse", "windows-x64", CancellationToken.None)).ShouldBeFalse();
    }

    private static void ShouldBeOneLine(EmbeddedEngineException failure, string text, string path)
    {
        failure.Message.ShouldContain(text);
        failure.Message.ShouldContain(path);
        failure.Message.ShouldNotContain("\n");
        failure.Message.ShouldNotContain("   at ");
        failure.Message.ShouldNotContain("another Bxb host");
    }

    private static Task<EmbeddedClickHouse> StartClickHouseAsync(string data) =>
        EmbeddedClickHouse.StartAsync(new EmbeddedClickHouseOptions { DataDirectory = data }, NullLoggerFactory.Instance, CancellationToken.None);
}

using Bxb.Testing;

namespace Bxb.Host.Tests.Containers;

/// <summary>What can be known of the Dockerfile without building it.</summary>
public sealed class DockerfileTests
{
    [Fact]
    public async Task The_host_runs_without_the_sdk_as_a_user_that_is_not_root_and_says_whether_it_lives()
    {
        var lines = await ReadAsync();
        var stages = lines.Where(l => l.StartsWith("FROM ")).ToList();
        stages.ShouldAllBe(stage => stage.Contains(":10.0-"));
        stages[^1].ShouldStartWith("FROM mcr.microsoft.com/dotnet/aspnet:");
        var last = lines.SkipWhile(l => l != stages[^1]).ToList();
        last.Last(l => l.StartsWith("USER ")).ShouldBe("USER $APP_UID");
        last.FindLastIndex(l => l.StartsWith("USER ")).ShouldBeLessThan(last.FindIndex(l => l.StartsWith("ENTRYPOINT ")));
        last.ShouldContain(l => l.StartsWith("HEALTHCHECK ") && l.Contains("/health/live"));
    }

    [Fact]
    public async Task What_is_copied_from_the_source_is_there_and_the_library_is_the_one_that_is_built()
    {
        var lines = await ReadAsync();
        var sources = lines.Where(l => l.StartsWith("COPY ") && !l.Contains("--from=")).SelectMany(l => l.Split(' ')[1..^1]).ToList();
        sources.Count.ShouldBeGreaterThan(2);
        sources.Where(source => !Path.Exists(Path.Combine(RepositoryFolder.Root, source))).ShouldBeEmpty();

        var script = await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Root, sources.Single(s => s.EndsWith("build-librdkafka.mjs"))));
        var version = script.Split("const version = '")[1].Split('\'')[0];
        lines.ShouldContain($"COPY --from=native /cache/librdkafka-{version}/librdkafka.* ./");
    }

    /// <summary>The instructions, each on one line.</summary>
    private static async Task<IReadOnlyList<string>> ReadAsync()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Root, "Dockerfile"));
        return [.. text.Replace("\\\n", "", StringComparison.Ordinal).Split('\n').Where(l => l.Length > 0 && !l.StartsWith('#'))];
    }
}

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
    public async Task What_is_published_is_for_the_system_of_the_image_and_what_is_copied_is_there()
    {
        var lines = await ReadAsync();
        lines.ShouldContain(l => l.StartsWith("RUN dotnet publish ") && l.Contains("--use-current-runtime") && l.Contains("--self-contained false"));
        var sources = lines.Where(l => l.StartsWith("COPY ") && !l.Contains("--from=")).SelectMany(l => l.Split(' ')[1..^1]).ToList();
        sources.ShouldNotBeEmpty();
        sources.Where(source => !Path.Exists(Path.Combine(RepositoryFolder.Root, source))).ShouldBeEmpty();
    }

    /// <summary>The instructions, each on one line.</summary>
    private static async Task<IReadOnlyList<string>> ReadAsync()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Root, "Dockerfile"));
        return [.. text.Replace("\\\n", "", StringComparison.Ordinal).Split('\n').Where(l => l.Length > 0 && !l.StartsWith('#'))];
    }
}

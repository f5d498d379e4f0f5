using System.Diagnostics;
using Bxb.Testing;

namespace Bxb.Servers.Tests;

/// <summary>Runs suites of other test projects on servers in containers instead of embedded engines. Each is its own <c>dotnet test</c>, so that a failure reads as it does there.</summary>
public sealed class ServerSuitesTests(Servers servers) : IClassFixture<Servers>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    [ContainersTheory]
    [InlineData("Bxb.Riders.Tests", "FullyQualifiedName~Compliance")]
    [InlineData("Bxb.Riders.Kafka.Tests", "FullyQualifiedName~Compliance")]
    [InlineData("Bxb.Analytics.Tests", "FullyQualifiedName~Bxb.Analytics.Tests.Cases")]
    [InlineData("Bxb.Analytics.Tests", "FullyQualifiedName~Bxb.Analytics.Tests.Loading")]
    public async Task A_suite_passes_on_servers(string project, string filter)
    {
        var start = new ProcessStartInfo("dotnet", ["test", Path.Combine(RepositoryFolder.Root, "tests", project), "--filter", filter])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Brokers that the tests start themselves would be used instead of the container's.
        start.Environment.Remove(TestKafka.Variable);
        foreach (var (name, value) in servers.Variables)
        {
            start.Environment[name] = value;
        }

        using var run = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        using var kill = limit.Token.Register(() => run.Kill(entireProcessTree: true));
        var said = await Task.WhenAll(run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        run.ExitCode.ShouldBe(0, string.Concat(said));
        said[0].ShouldContain("Passed!");
    }
}

using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;
using Xunit.Abstractions;

namespace Bxb.EndToEnd.Tests;

/// <summary>
/// The README's tour, run as it stands against a fresh host, and its answers held against the real ones. <c>BXB_TOUR_WRITE</c> writes the real answers into the README instead.
/// </summary>
public sealed partial class TourTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_readmes_tour_gives_the_answers_that_it_shows()
    {
        var readme = Path.Combine(RepositoryFolder.Root, "README.md");
        var text = await File.ReadAllTextAsync(readme);
        using var directory = new TemporaryDirectory();
        await using var host = await HostProcess.StartAsync(directory.Path);
        var steps = Step().Matches(text);
        steps.Count.ShouldBeGreaterThan(6);
        foreach (Match step in steps)
        {
            var answer = await RunAsync(host, step.Groups["command"].Value);
            output.WriteLine(answer);
            if (Environment.GetEnvironmentVariable("BXB_TOUR_WRITE") is not null)
            {
                text = text.Replace(step.Value, $"```sh\n{step.Groups["command"].Value}```\n```{step.Groups["kind"].Value}\n{Pretty(answer, step.Groups["kind"].Value)}\n```", StringComparison.Ordinal);
            }
            else
            {
                Comparable(answer, step.Groups["kind"].Value).ShouldBe(Comparable(step.Groups["answer"].Value, step.Groups["kind"].Value), step.Groups["command"].Value);
            }
        }

        if (Environment.GetEnvironmentVariable("BXB_TOUR_WRITE") is not null)
        {
            await File.WriteAllTextAsync(readme, text);
        }
    }

    [Fact]
    public async Task Dotnet_run_works_in_the_directory_that_it_is_called_from()
    {
        using var directory = new TemporaryDirectory();
        var configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        var start = new ProcessStartInfo("dotnet", ["run", "--no-build", "-c", configuration, "--project", Path.Combine(RepositoryFolder.Root, "src", "Bxb.Host"), "--", "import", "nowhere.ndjson", "--api-key", "none"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = directory.Path,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync() + await error;
        await process.WaitForExitAsync();
        text.ShouldContain(Path.Combine(directory.Path, "nowhere.ndjson"));
    }

    private static async Task<string> RunAsync(HostProcess host, string command)
    {
        var script = command.Replace("dotnet run -c Release --project src/Bxb.Host --", $"dotnet {Path.Combine(AppContext.BaseDirectory, "Bxb.Host.dll")}", StringComparison.Ordinal)
            .Replace(" import ", $" import --url {host.Url} --api-key {host.ApiKey} ", StringComparison.Ordinal);
        var start = new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = RepositoryFolder.Root };
        start.Environment["URL"] = host.Url.ToString().TrimEnd('/');
        start.Environment["KEY"] = host.ApiKey;
        using var process = Process.Start(start)!;
        var answer = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, command);
        return answer.Trim();
    }

    private static string Pretty(string answer, string kind) => kind == "json" ? OneLine(JsonNode.Parse(answer)!) : answer;

    private static string OneLine(JsonNode node) => Spaced().Replace(node.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }), "$0 ");

    /// <summary>Without what differs from run to run: times of the run, positions and lag that depend on how far the loader is, and speed.</summary>
    private static string Comparable(string answer, string kind)
    {
        if (kind != "json")
        {
            return Digits().Replace(string.Join('\n', answer.Split('\n').Where(l => l.Contains("ingested", StringComparison.OrdinalIgnoreCase) || l.Contains("duplicates", StringComparison.OrdinalIgnoreCase))), "n");
        }

        var node = JsonNode.Parse(answer)!.AsObject();
        node.Remove("as_of_position");
        if (node["groups"] is JsonArray groups)
        {
            node.Remove("log");
            foreach (var group in groups)
            {
                group!.AsObject().Remove("position");
                group.AsObject().Remove("lag_events");
                group.AsObject().Remove("lag_seconds");
                group.AsObject().Remove("state");
            }
        }

        return node.ToJsonString();
    }

    [GeneratedRegex("```sh\n(?<command>.*?)```\n```(?<kind>json|text)\n(?<answer>.*?)```", RegexOptions.Singleline, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Step();

    [GeneratedRegex("(?<=[\"\\d\\]}el]),(?=\"|\\{)|(?<=\"):(?=[\"\\d\\[{tfn-])", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Spaced();

    [GeneratedRegex(@"\d+(\.\d+)? s\b.*", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Digits();
}

using System.Text.RegularExpressions;
using Bxb.Testing;

namespace Bxb.Servers.Tests;

/// <summary>The images that docker-compose.yml names, so that both use the same versions.</summary>
internal sealed partial record ComposeImages(string Postgres, string Kafka, string ClickHouse)
{
    public static async Task<ComposeImages> ReadAsync()
    {
        var images = Image().Matches(await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Root, "docker-compose.yml"))).Select(m => m.Groups["image"].Value).ToList();
        return new ComposeImages(Of("postgres:"), Of("apache/kafka:"), Of("clickhouse/clickhouse-server:"));

        string Of(string start) => images.Single(i => i.StartsWith(start, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^\s*image:\s*(?<image>\S+)\s*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Image();
}

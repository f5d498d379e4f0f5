using System.Text.RegularExpressions;

namespace Bxb.Architecture.Tests;

/// <summary>Documents that rot are worse than none: every relative link must lead somewhere.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public void Every_relative_link_of_every_document_resolves()
    {
        var root = Repository.Root;
        var documents = Directory.EnumerateFiles(root, "*.md").Concat(Directory.EnumerateFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Path.Combine(root, "bench"), "*.md")).ToList();
        documents.ShouldNotBeEmpty();
        documents.SelectMany(d => BrokenLinks(d, File.ReadAllText(d))).ShouldBeEmpty();
    }

    [Fact]
    public void A_link_to_nowhere_is_found()
        => BrokenLinks(Path.Combine(Repository.Root, "README.md"), "see [this](docs/nowhere.md#part) and [that](https://example.com)").ShouldHaveSingleItem().ShouldContain("docs/nowhere.md");

    private static IEnumerable<string> BrokenLinks(string document, string text) => Link().Matches(text)
        .Select(m => m.Groups[1].Value.Split('#')[0])
        .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal))
        .Where(target => !Path.Exists(Path.Combine(Path.GetDirectoryName(document)!, Uri.UnescapeDataString(target))))
        .Select(target => $"{Path.GetFileName(document)} -> {target}");

    [GeneratedRegex(@"\]\(([^)\s]+)\)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();
}

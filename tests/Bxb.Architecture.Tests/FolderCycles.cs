using System.Text.RegularExpressions;

namespace Bxb.Architecture.Tests;

/// <summary>A source file: the namespace of its folder, and its text.</summary>
internal sealed record SourceText(string Namespace, string Text);

/// <summary>Finds folders of one project that depend on each other in a circle.</summary>
/// <remarks>
/// A folder depends on another one when a file of it, or of a folder below it, names the other's namespace in a using directive or in a qualified name. Folders with the same parent are
/// compared, at every depth. Files beside the folders (the module class, options, log, instruments) may use all of them and be used by all of them.
/// </remarks>
internal static partial class FolderCycles
{
    /// <summary>Returns every pair of folders that lies on a cycle and is linked directly, as "Bxb.X: A, B".</summary>
    /// <param name="project">The root namespace of the project.</param>
    /// <param name="files">The files of the project.</param>
    public static IReadOnlyList<string> Find(string project, IReadOnlyList<SourceText> files)
    {
        var namespaces = files.SelectMany(f => WithParents(project, f.Namespace)).Distinct(StringComparer.Ordinal).ToList();
        return [.. namespaces.SelectMany(parent => FindBelow(parent, namespaces, files)).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> FindBelow(string parent, IReadOnlyList<string> namespaces, IReadOnlyList<SourceText> files)
    {
        var prefix = parent + ".";
        var folders = namespaces.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Select(n => FirstSegment(n, prefix)).Distinct(StringComparer.Ordinal).ToList();
        var uses = folders.ToDictionary(f => f, _ => new HashSet<string>(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (var file in files.Where(f => f.Namespace.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var folder = FirstSegment(file.Namespace, prefix);
            uses[folder].UnionWith(QualifiedNames().Matches(file.Text).Select(m => m.Value)
                .Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Select(n => FirstSegment(n, prefix)).Where(n => n != folder && uses.ContainsKey(n)));
        }

        return from a in folders
               from b in folders
               where string.CompareOrdinal(a, b) < 0 && (uses[a].Contains(b) || uses[b].Contains(a)) && Reaches(uses, a, b) && Reaches(uses, b, a)
               select $"{parent}: {a}, {b}";
    }

    private static bool Reaches(Dictionary<string, HashSet<string>> uses, string from, string to)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([from]);
        while (open.TryPop(out var folder))
        {
            foreach (var next in uses[folder].Where(seen.Add))
            {
                open.Push(next);
            }
        }

        return seen.Contains(to);
    }

    private static IEnumerable<string> WithParents(string project, string name)
    {
        for (; name.Length >= project.Length; name = name[..name.LastIndexOf('.')])
        {
            yield return name;
        }
    }

    private static string FirstSegment(string name, string prefix) => name[prefix.Length..].Split('.')[0];

    [GeneratedRegex(@"(?<!namespace )\bBxb(\.\w+)+", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex QualifiedNames();
}

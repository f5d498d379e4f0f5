using System.Xml.Linq;

namespace Bxb.Architecture.Tests;

/// <summary>The source tree that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Src => Path.Combine(Root, "src");

    /// <summary>Every C# file below src, tests and bench that a person writes, as paths relative to the root.</summary>
    public static IReadOnlyList<string> CodeFiles { get; } =
    [
        .. new[] { "src", "tests", "bench" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories))
            .Select(f => Path.GetRelativePath(Root, f)).Where(IsWritten).Order(StringComparer.Ordinal),
    ];

    /// <summary>Those below src.</summary>
    public static IReadOnlyList<string> SourceFiles { get; } = [.. CodeFiles.Where(f => f.StartsWith("src" + Path.DirectorySeparatorChar, StringComparison.Ordinal))];

    /// <summary>Every project below src: its name and where it stands.</summary>
    public static IReadOnlyList<Project> Projects { get; } =
        [.. Directory.EnumerateFiles(Src, "*.csproj", SearchOption.AllDirectories).Select(f => new Project(f)).OrderBy(p => p.Name, StringComparer.Ordinal)];

    public static IEnumerable<Project> Modules => Projects.Where(p => p.IsModule);

    public static string Read(string relative) => File.ReadAllText(Path.Combine(Root, relative));

    private static bool IsWritten(string relative)
    {
        var folders = relative.Split(Path.DirectorySeparatorChar)[..^1];
        return !folders.Contains("obj") && !folders.Contains("bin") && !folders.Contains("Migrations");
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Bxb.Monolith.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests do not stand in the repository.");
    }
}

/// <summary>A project file below src.</summary>
internal sealed class Project(string file)
{
    private readonly XDocument _xml = XDocument.Load(file);

    public string Name { get; } = Path.GetFileNameWithoutExtension(file);

    public string Folder { get; } = Path.GetDirectoryName(file)!;

    public string Assembly => Path.Combine(AppContext.BaseDirectory, Name + ".dll");

    public bool IsModule => Folder.StartsWith(Path.Combine(Repository.Src, "Modules") + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    public bool IsBuildingBlock => Folder.StartsWith(Path.Combine(Repository.Src, "BuildingBlocks") + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>The names of the projects that it references.</summary>
    public IReadOnlyList<string> References
        => [.. _xml.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))];

    public IReadOnlyList<string> Friends => [.. _xml.Descendants("InternalsVisibleTo").Select(r => r.Attribute("Include")!.Value)];
}

namespace Bxb.Testing;

/// <summary>The repository that the tests were built from, for those that hold its documents to their word.</summary>
public static class RepositoryFolder
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = Find();

    private static string Find()
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

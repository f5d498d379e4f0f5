namespace Bxb.LoadTest.Target;

/// <summary>Finds files of the repository that this program was built in.</summary>
internal static class Repository
{
    /// <summary>The full path of a file of the repository.</summary>
    /// <param name="path">Relative to the repository.</param>
    /// <param name="command">What makes the file, to be told when it is not there.</param>
    public static string Find(string path, string command)
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Bxb.Monolith.sln")))
            {
                var file = Path.Combine(directory.FullName, path);
                return File.Exists(file) ? file : throw new LoadException($"{file} is not there; make it with: {command}");
            }
        }

        throw new LoadException($"This program does not lie in the repository, so {path} cannot be found.");
    }
}

namespace Bxb.Embedded.Processes;

/// <summary>The account that runs a server when the host is root.</summary>
internal sealed record UnixUser(string Name, uint Id, uint GroupId)
{
    private const string AccountsFile = "/etc/passwd";

    /// <summary>The first of the named accounts that exists.</summary>
    /// <exception cref="EmbeddedEngineException">None exists.</exception>
    public static UnixUser FirstOf(params string[] names)
    {
        var accounts = File.ReadLines(AccountsFile).Select(line => line.Split(':')).Where(fields => fields.Length >= 4).ToLookup(fields => fields[0]);
        foreach (var name in names)
        {
            if (accounts[name].FirstOrDefault() is { } fields && uint.TryParse(fields[2], out var id) && uint.TryParse(fields[3], out var group) && id != 0)
            {
                return new UnixUser(name, id, group);
            }
        }

        throw new EmbeddedEngineException($"PostgreSQL refuses to run as root, and none of the users {string.Join(", ", names)} is in {AccountsFile}.");
    }

    /// <summary>The topmost folder of a path that other users may not enter, or null.</summary>
    public static string? FirstClosedFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        string? closed = null;
        for (var folder = new DirectoryInfo(Path.GetFullPath(path)); folder is not null; folder = folder.Parent)
        {
            if (folder.Exists && (File.GetUnixFileMode(folder.FullName) & UnixFileMode.OtherExecute) == 0)
            {
                closed = folder.FullName;
            }
        }

        return closed;
    }
}

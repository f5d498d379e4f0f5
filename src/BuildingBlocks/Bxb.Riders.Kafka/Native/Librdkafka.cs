using System.Runtime.InteropServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Native;

/// <summary>
/// The C library below Confluent.Kafka. Its package cannot be had everywhere, so it lies beside the application (container image) or
/// in the cache of this machine, where it is built when a host with Kafka settings starts for the first time. Thread-safe.
/// </summary>
internal static partial class Librdkafka
{
    /// <summary>The version that is built and that this binding was made for.</summary>
    public const string Version = "2.15.1";

    private const string FileName = "librdkafka.so";

    private static readonly SemaphoreSlim Gate = new(1);
    private static volatile bool _isLoaded;
    private static nint _handle;

    /// <summary>The folder of this machine that holds it: the same that the script builds into.</summary>
    public static string CacheFolder => Path.Combine(CacheRoot, $"librdkafka-{Version}");

    private static string CacheRoot
    {
        get
        {
            if (Environment.GetEnvironmentVariable("BXB_ENGINE_CACHE") is { Length: > 0 } named)
            {
                return Path.GetFullPath(named);
            }

            if (Environment.IsPrivilegedProcess)
            {
                return "/var/cache/bxb/engines";
            }

            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg
                ? xdg
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(cache, "bxb", "engines");
        }
    }

    /// <summary>
    /// Returns when the library is in this process; builds it first when this machine has none. To be awaited before anything of
    /// Confluent.Kafka is created. A failed or cancelled call leaves nothing behind: the next one tries again.
    /// </summary>
    /// <exception cref="KafkaLibraryException">It is not there and cannot be built, or does not load.</exception>
    public static async Task EnsureLoadedAsync(ILogger logger, CancellationToken cancellationToken)
    {
        if (_isLoaded)
        {
            return;
        }

        await Gate.WaitAsync(cancellationToken);
        try
        {
            if (_isLoaded)
            {
                return;
            }

            var path = Find(AppContext.BaseDirectory, CacheFolder);
            if (path is null)
            {
                await LibrdkafkaBuild.RunAsync(LibrdkafkaBuild.Command(), logger, cancellationToken);
                path = Find(AppContext.BaseDirectory, CacheFolder) ?? throw new KafkaLibraryException($"librdkafka {Version} was built and is not in {CacheFolder}.");
            }

            Load(path);
            _isLoaded = true;
            LogLoaded(logger, Library.VersionString, path, await FeaturesAsync(path, cancellationToken));
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>The library's file, beside the application or complete in the cache; null when it is in neither.</summary>
    internal static string? Find(string application, string cache)
    {
        var own = Path.Combine(application, FileName);
        if (File.Exists(own))
        {
            return own;
        }

        var cached = Path.Combine(cache, FileName);
        return File.Exists(cached) && File.Exists(Path.Combine(cache, ".complete")) ? cached : null;
    }

    private static void Load(string path)
    {
        try
        {
            if (_handle == 0)
            {
                _handle = NativeLibrary.Load(path);
                // The binding asks for it by its bare name, which the system's loader would look for in folders of its own.
                NativeLibrary.SetDllImportResolver(typeof(Library).Assembly, static (name, _, _) => name.Contains("librdkafka", StringComparison.Ordinal) ? _handle : 0);
            }

            // Without the path: the binding would call dlopen of a "libdl", which newer C libraries do not have.
            Library.Load();
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException or InvalidOperationException)
        {
            throw new KafkaLibraryException($"{path} does not load: {e.Message} Delete its folder to have it built again.", e);
        }

        if (!Library.VersionString.StartsWith(Version, StringComparison.Ordinal))
        {
            throw new KafkaLibraryException($"{path} is librdkafka {Library.VersionString}, and {Version} is needed.");
        }
    }

    private static async Task<string> FeaturesAsync(string path, CancellationToken cancellationToken)
    {
        var file = Path.ChangeExtension(path, ".features");
        return File.Exists(file) ? (await File.ReadAllTextAsync(file, cancellationToken)).Trim() : "not told";
    }

    [LoggerMessage(2102, LogLevel.Information, "librdkafka {Version} from {Path}, built with: {Features}")]
    private static partial void LogLoaded(ILogger logger, string version, string path, string features);
}

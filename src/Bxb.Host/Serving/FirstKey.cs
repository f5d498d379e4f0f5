using Bxb.Embedded.Files;
using Bxb.Host.Settings;
using Bxb.Management;
using Bxb.Modularity.Settings;

namespace Bxb.Host.Serving;

/// <summary>Creates the first organization and key: those of the settings or, with an embedded PostgreSQL, <c>demo</c> and a random key that is kept in the data directory.</summary>
internal static partial class FirstKey
{
    private const string FileName = "api-key";

    /// <summary>Creates organization and key unless they exist.</summary>
    /// <exception cref="SettingsException">The key was revoked, belongs to another organization, or is malformed.</exception>
    public static async Task EnsureAsync(IServiceProvider services, BxbOptions options, bool embedded, CancellationToken cancellationToken)
    {
        var organization = options.Bootstrap.Organization ?? (embedded ? "demo" : null);
        if (organization is null)
        {
            return;
        }

        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Bxb.Host");
        var path = Path.Combine(Path.GetFullPath(options.DataDirectory), FileName);
        var isKept = embedded && options.Bootstrap.ApiKey is null;
        // Written to disk before the database, so a host that is killed in between finds the key again.
        var key = isKept ? await KeptOrNewAsync(path, cancellationToken) : options.Bootstrap.ApiKey;
        try
        {
            await services.GetRequiredService<ManagementBootstrap>().EnsureAsync(organization, key, cancellationToken);
        }
        catch (Exception bad) when (bad is ArgumentException or InvalidOperationException { InnerException: null })
        {
            // The message holds neither key nor name.
            throw new SettingsException([$"{(isKept ? path : "Bxb:Bootstrap")}: {bad.Message}"]);
        }

        if (isKept)
        {
            LogKey(logger, organization, path);
        }
    }

    private static async Task<string> KeptOrNewAsync(string path, CancellationToken cancellationToken)
    {
        if (File.Exists(path))
        {
            return (await File.ReadAllTextAsync(path, cancellationToken)).Trim();
        }

        var key = ManagementBootstrap.NewKey();
        await PrivateFile.WriteAsync(path, key + Environment.NewLine, cancellationToken);
        return key;
    }

    [LoggerMessage(8001, LogLevel.Information, "The API key of organization '{Organization}' is in {Path}")]
    private static partial void LogKey(ILogger logger, string organization, string path);
}

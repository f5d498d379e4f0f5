using System.Security.Cryptography;

namespace Bxb.Embedded.Files;

/// <summary>Small files that only this host's user may read (mode 600), written completely or not at all.</summary>
public static class PrivateFile
{
    /// <summary>The secret in a file. A missing file is created with 32 random bytes as hexadecimal text.</summary>
    internal static async Task<string> SecretAsync(string path, CancellationToken ct)
    {
        if (File.Exists(path) && (await File.ReadAllTextAsync(path, ct)).Trim() is { Length: > 0 } kept)
        {
            return kept;
        }

        var secret = RandomNumberGenerator.GetHexString(64, lowercase: true);
        await WriteAsync(path, secret, ct);
        return secret;
    }

    /// <summary>The trimmed content of a file of an engine.</summary>
    /// <exception cref="EmbeddedEngineException">The file is missing, so no host has started an engine here.</exception>
    internal static async Task<string> ReadAsync(string path, CancellationToken ct)
        => File.Exists(path)
            ? (await File.ReadAllTextAsync(path, ct)).Trim()
            : throw new EmbeddedEngineException($"No host has started an engine here: {path} is missing.");

    /// <summary>Replaces a file by one rename: a host that is killed meanwhile leaves the old file or the new one.</summary>
    public static async Task WriteAsync(string path, string text, CancellationToken ct)
    {
        var draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var stream = new FileStream(draft, options))
        await using (var writer = new StreamWriter(stream))
        {
            await writer.WriteAsync(text.AsMemory(), ct);
            await writer.FlushAsync(ct);
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
    }
}

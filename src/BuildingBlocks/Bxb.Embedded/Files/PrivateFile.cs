using System.Security.Cryptography;

namespace Bxb.Embedded.Files;

/// <summary>Small files that only this host's user may read (mode 600), written whole or not at all.</summary>
internal static class PrivateFile
{
    /// <summary>The secret in a file; made at random, 32 bytes of it as hexadecimal text, when the file is not there.</summary>
    public static async Task<string> SecretAsync(string path, CancellationToken ct)
    {
        if (File.Exists(path) && (await File.ReadAllTextAsync(path, ct)).Trim() is { Length: > 0 } kept)
        {
            return kept;
        }

        var secret = RandomNumberGenerator.GetHexString(64, lowercase: true);
        await WriteAsync(path, secret, ct);
        return secret;
    }

    /// <summary>What stands in a file that an engine's host keeps.</summary>
    /// <exception cref="EmbeddedEngineException">There is no such file, so no host has started an engine here.</exception>
    public static async Task<string> ReadAsync(string path, CancellationToken ct)
        => File.Exists(path)
            ? (await File.ReadAllTextAsync(path, ct)).Trim()
            : throw new EmbeddedEngineException($"No host has started an engine here: {path} is missing.");

    /// <summary>Replaces a file by one rename, so that a host killed half-way leaves the old one or the new one.</summary>
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

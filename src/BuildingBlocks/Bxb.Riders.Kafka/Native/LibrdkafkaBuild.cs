using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Native;

/// <summary>Runs the script that builds librdkafka into the cache of this machine. Two at once do no harm: the script has a lock of its own.</summary>
internal static partial class LibrdkafkaBuild
{
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "build-librdkafka.mjs");

    /// <summary>The command, for a caller that wants to change its surroundings.</summary>
    public static ProcessStartInfo Command() => new("node", [Script])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    /// <summary>Builds it, which takes about a minute of two cores. Cancelled, it ends the compiler too; the next build clears up behind it.</summary>
    /// <exception cref="KafkaLibraryException">It could not be built; the message is a sentence for whoever runs the host.</exception>
    public static async Task RunAsync(ProcessStartInfo command, ILogger logger, CancellationToken cancellationToken)
    {
        LogBuilding(logger, Librdkafka.Version, Librdkafka.CacheFolder);
        using var process = Start(command);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                LogOutput(logger, line);
            }

            var said = (await errors).Trim();
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                throw new KafkaLibraryException(said.Length > 0 ? said : $"librdkafka {Librdkafka.Version} could not be built: {Script} ended with {process.ExitCode}.");
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Start(ProcessStartInfo command)
    {
        try
        {
            return Process.Start(command)!;
        }
        catch (Win32Exception e)
        {
            throw new KafkaLibraryException(
                $"librdkafka {Librdkafka.Version} is not on this machine, and Node.js, which runs the script that builds it, could not be started ({e.Message}). "
                + $"Install it (Debian and Ubuntu: apt-get install gcc libc6-dev make npm, with libssl-dev for TLS), or put librdkafka.so beside the application or into {Librdkafka.CacheFolder}.",
                e);
        }
    }

    [LoggerMessage(2100, LogLevel.Information, "librdkafka {Version} is not on this machine yet: building it into {Folder}, once, which takes about a minute")]
    private static partial void LogBuilding(ILogger logger, string version, string folder);

    [LoggerMessage(2101, LogLevel.Debug, "Build of librdkafka: {Line}")]
    private static partial void LogOutput(ILogger logger, string line);
}

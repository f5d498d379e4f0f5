using System.Globalization;

namespace Bxb.Host.Cli.Import;

/// <summary>The format of the file.</summary>
internal enum ImportFormat
{
    /// <summary>One JSON object a line.</summary>
    Ndjson,

    /// <summary>Comma-separated values with a header row.</summary>
    Csv,
}

/// <summary>Ends an import. The message goes to the terminal.</summary>
internal sealed class ImportException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The arguments of an import.</summary>
internal sealed record ImportSettings
{
    /// <summary>The most bytes of events in one request; the host takes far more, this is for memory and for even progress.</summary>
    public const int BatchBytes = 4 * 1024 * 1024;

    /// <summary>The file, read from its start: NDJSON once, CSV twice unless it is a pipe.</summary>
    public required FileInfo File { get; init; }

    /// <summary>The host's address; its path, which ends with a slash, stands before those of the calls.</summary>
    public required Uri Url { get; init; }

    /// <summary>The key of the organization that the events are for.</summary>
    public required string ApiKey { get; init; }

    /// <summary>How the file is written.</summary>
    public required ImportFormat Format { get; init; }

    /// <summary>Stands for the file in the ids that lines without one are given.</summary>
    public required string FileId { get; init; }

    /// <summary>Events a request, 1 to 10,000.</summary>
    public int Batch { get; init; } = 1000;

    /// <summary>Requests under way at once, 1 to 64. One keeps the file's order in the log.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>A longer line is refused without being held, 1 KiB to 16 MiB.</summary>
    public int MaxLineBytes { get; init; } = 1024 * 1024;

    /// <summary>How long one request is tried again while the host is away or busy; then the import ends.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How CSV columns become events.</summary>
    public CsvMapping Csv { get; init; } = new();

    /// <summary>The format that a file's extension names.</summary>
    /// <exception cref="ImportException">It names none.</exception>
    public static ImportFormat FormatOf(string fileName) => Path.GetExtension(fileName).ToUpperInvariant() switch
    {
        ".CSV" => ImportFormat.Csv,
        ".NDJSON" or ".JSONL" => ImportFormat.Ndjson,
        _ => throw new ImportException($"The extension of {fileName} tells no format: say --format ndjson or --format csv."),
    };

    /// <summary>The key given, or the one of the environment, or the one that a host left in its data directory.</summary>
    /// <exception cref="ImportException">There is none.</exception>
    public static async Task<string> FindApiKeyAsync(string? given, string? environment, string dataDirectory)
    {
        var key = given ?? environment;
        if (string.IsNullOrWhiteSpace(key))
        {
            var file = Path.Combine(dataDirectory.TrimEnd('\r', '\n'), "api-key");
            try
            {
                key = await System.IO.File.ReadAllTextAsync(file);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new ImportException($"No API key: give --api-key or set BXB_API_KEY ({file} cannot be read: {failure.Message})", failure);
            }
        }

        key = key.Trim();
        return key.Length > 0 && key.All(c => c is > ' ' and < '\u007f') ? key : throw new ImportException("The API key is empty or holds characters that no key has.");
    }

    /// <summary>Refuses numbers out of range and options that do not go together.</summary>
    /// <exception cref="ImportException">With the first thing that is wrong.</exception>
    public ImportSettings Checked()
    {
        Require("--batch", Batch, 1, 10_000);
        Require("--connections", Connections, 1, 64);
        Require("--max-line-bytes", MaxLineBytes, 1024, 16 * 1024 * 1024);
        if (Format == ImportFormat.Ndjson && Csv != new CsvMapping())
        {
            throw new ImportException("--map, --set, --properties, --text, --number, --offset and --delimiter are for CSV; NDJSON lines are sent as they are.");
        }

        return File.Exists ? this : throw new ImportException($"There is no file {File.FullName}.");
    }

    private static void Require(string option, int value, int from, int to)
    {
        if (value < from || value > to)
        {
            throw new ImportException(string.Create(CultureInfo.InvariantCulture, $"{option} must be {from} to {to}, not {value}."));
        }
    }
}

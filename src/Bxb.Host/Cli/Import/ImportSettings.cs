using System.Globalization;

namespace Bxb.Host.Cli.Import;

/// <summary>The format of the file.</summary>
internal enum ImportFormat
{
    /// <summary>One JSON object per line.</summary>
    Ndjson,

    /// <summary>Comma-separated values with a header row.</summary>
    Csv,
}

/// <summary>The arguments of an import.</summary>
internal sealed record ImportSettings
{
    /// <summary>The most bytes of events in one request. The host takes far more; this bounds memory and keeps the progress even.</summary>
    public const int BatchBytes = 4 * 1024 * 1024;

    /// <summary>The file. NDJSON is read once, CSV twice unless it is a pipe.</summary>
    public required FileInfo File { get; init; }

    /// <summary>The host's address. Its path ends with a slash and goes before the paths of the calls.</summary>
    public required Uri Url { get; init; }

    /// <summary>The key of the events' organization.</summary>
    public required string ApiKey { get; init; }

    public required ImportFormat Format { get; init; }

    /// <summary>Names the file in the ids of lines without an id.</summary>
    public required string FileId { get; init; }

    /// <summary>Events per request. Default 1,000; 1 to 10,000.</summary>
    public int Batch { get; init; } = 1000;

    /// <summary>Concurrent requests. 1 keeps the file's order in the log. Default 4; 1 to 64.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>The longest line, in bytes; longer ones are skipped and counted as refused. Default 1 MiB; 1 KiB to 16 MiB.</summary>
    public int MaxLineBytes { get; init; } = 1024 * 1024;

    /// <summary>The longest that a request is retried while the host is away or busy; then the import ends. Default 2 min.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromMinutes(2);

    public CsvMapping Csv { get; init; } = new();

    /// <summary>The format by a file's extension.</summary>
    /// <exception cref="CommandException">The extension is unknown.</exception>
    public static ImportFormat FormatOf(string fileName) => Path.GetExtension(fileName).ToUpperInvariant() switch
    {
        ".CSV" => ImportFormat.Csv,
        ".NDJSON" or ".JSONL" => ImportFormat.Ndjson,
        _ => throw new CommandException($"The extension of {fileName} is unknown: use --format ndjson or --format csv."),
    };

    /// <summary>Refuses numbers out of range and options that do not go together.</summary>
    /// <exception cref="CommandException">The first fault.</exception>
    public ImportSettings Checked()
    {
        Require("--batch", Batch, 1, 10_000);
        Require("--connections", Connections, 1, 64);
        Require("--max-line-bytes", MaxLineBytes, 1024, 16 * 1024 * 1024);
        if (Format == ImportFormat.Ndjson && Csv != new CsvMapping())
        {
            throw new CommandException("--map, --set, --properties, --text, --number, --offset and --delimiter are for CSV; NDJSON lines are sent as they are.");
        }

        return File.Exists ? this : throw new CommandException($"There is no file {File.FullName}.");
    }

    private static void Require(string option, int value, int from, int to)
    {
        if (value < from || value > to)
        {
            throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"{option} must be {from} to {to}, not {value}."));
        }
    }
}

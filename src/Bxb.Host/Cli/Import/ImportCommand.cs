using System.CommandLine;
using Spectre.Console;

namespace Bxb.Host.Cli.Import;

/// <summary>The verb <c>import FILE</c>: its options, and what it prints and returns.</summary>
internal static class ImportCommand
{
    private static readonly Argument<FileInfo> File = new("FILE") { Description = "NDJSON (one event a line) or CSV (with a header row)." };
    private static readonly Option<Uri> Url = HostAddress.Option();
    private static readonly Option<string?> ApiKey = new("--api-key") { Description = "The organization's key; else BXB_API_KEY, else the file api-key in the data directory." };
    private static readonly Option<string> DataDirectory = new("--data-directory") { Description = "Where a local host keeps its key.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("Bxb__DataDirectory") ?? ".bxb" };
    private static readonly Option<ImportFormat?> Format = new("--format") { Description = "ndjson or csv; by the file's extension if not given." };
    private static readonly Option<int> Batch = new("--batch") { Description = "Events a request, 1 to 10,000.", DefaultValueFactory = _ => 1000 };
    private static readonly Option<int> Connections = new("--connections") { Description = "Requests at once, 1 to 64; 1 keeps the file's order in the log.", DefaultValueFactory = _ => 4 };
    private static readonly Option<int> MaxLineBytes = new("--max-line-bytes") { Description = "Longer lines are refused.", DefaultValueFactory = _ => 1024 * 1024 };
    private static readonly Option<int> RetryFor = new("--retry-for") { Description = "Seconds for which a busy or missing host is tried again.", DefaultValueFactory = _ => 120 };
    private static readonly Option<string?> FileId = new("--file-id") { Description = "Stands for the file in the ids of lines that bring none; its name if not given." };
    private static readonly Option<string[]> Map = new("--map") { Description = "CSV: a member of the event and its column, timestamp=TIMESTAMP; repeatable.", HelpName = "member=column" };
    private static readonly Option<string[]> Set = new("--set") { Description = "CSV: a member that is the same in every event, code=llm_call; repeatable.", HelpName = "member=value" };
    private static readonly Option<string[]> Properties = new("--properties") { Description = "CSV: columns that become properties; all that are not mapped if not given.", HelpName = "column=name,..." };
    private static readonly Option<string[]> Text = new("--text") { Description = "CSV: columns that are text though all their values look like numbers.", HelpName = "column,..." };
    private static readonly Option<string[]> Number = new("--number") { Description = "CSV: columns of numbers; rows with anything but a plain decimal there are refused.", HelpName = "column,..." };
    private static readonly Option<string> Offset = new("--offset") { Description = "CSV: the offset of timestamps that carry none, Z or +02:00.", DefaultValueFactory = _ => "Z" };
    private static readonly Option<string> Delimiter = new("--delimiter") { Description = "CSV: between two fields.", DefaultValueFactory = _ => "," };

    /// <summary>Makes the verb, to be added to the root command once.</summary>
    public static Command Create()
    {
        var command = new Command("import", "Sends the events of a file to a host. Twice the same file changes nothing.")
        {
            File, Url, ApiKey, DataDirectory, Format, Batch, Connections, MaxLineBytes, RetryFor, FileId, Map, Set, Properties, Text, Number, Offset, Delimiter,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, Console.WriteLine, Console.Error.WriteLine, cancellationToken));
        return command;
    }

    /// <summary>Runs it with the given places to write to; returns the exit code.</summary>
    internal static async Task<int> RunAsync(ParseResult parsed, Action<string> print, Action<string> complain, CancellationToken cancellationToken)
    {
        if (parsed.UnmatchedTokens.Count > 0)
        {
            // The root command passes unknown arguments on as settings, and its verbs inherit that. A misspelt option of this verb is refused.
            complain($"import does not know {string.Join(' ', parsed.UnmatchedTokens)}.");
            return 2;
        }

        var display = new ImportDisplay(AnsiConsole.Console, print, complain, TimeProvider.System);
        ImportSettings settings;
        try
        {
            settings = (await ReadAsync(parsed)).Checked();
        }
        catch (ImportException wrong)
        {
            complain(wrong.Message);
            return 2;
        }

        var tally = new ImportTally(display.Report);
        var run = Task.Run(() => new ImportRun(settings, tally, TimeProvider.System).RunAsync(cancellationToken), CancellationToken.None);
        var result = await display.ShowAsync(settings.File.Name, settings.File.Length, tally, run);
        display.Summarize(result);
        return result.ExitCode;
    }

    private static async Task<ImportSettings> ReadAsync(ParseResult parsed)
    {
        var file = parsed.GetRequiredValue(File);
        return new ImportSettings
        {
            File = file,
            Url = parsed.GetRequiredValue(Url),
            ApiKey = await ImportSettings.FindApiKeyAsync(parsed.GetValue(ApiKey), Environment.GetEnvironmentVariable("BXB_API_KEY"), parsed.GetRequiredValue(DataDirectory)),
            Format = parsed.GetValue(Format) ?? ImportSettings.FormatOf(file.Name),
            FileId = parsed.GetValue(FileId) ?? file.Name,
            Batch = parsed.GetValue(Batch),
            Connections = parsed.GetValue(Connections),
            MaxLineBytes = parsed.GetValue(MaxLineBytes),
            RetryFor = TimeSpan.FromSeconds(parsed.GetValue(RetryFor)),
            Csv = CsvMapping.Parse(
                parsed.GetValue(Map) ?? [], parsed.GetValue(Set) ?? [], parsed.GetValue(Properties) ?? [], parsed.GetValue(Text) ?? [],
                parsed.GetValue(Number) ?? [], parsed.GetRequiredValue(Offset), parsed.GetRequiredValue(Delimiter)),
        };
    }
}

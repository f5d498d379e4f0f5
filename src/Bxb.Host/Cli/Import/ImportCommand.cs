using System.CommandLine;
using Spectre.Console;

namespace Bxb.Host.Cli.Import;

/// <summary>The command <c>import FILE</c>.</summary>
internal static class ImportCommand
{
    private static readonly Argument<FileInfo> File = new("FILE") { Description = "NDJSON (one event per line) or CSV (with a header row)." };
    private static readonly HostConnection Target = new("The organization's key.");
    private static readonly Option<ImportFormat?> Format = new("--format") { Description = "ndjson or csv. Default: by the file's extension." };
    private static readonly Option<int> Batch = new("--batch") { Description = "Events per request, 1 to 10,000.", DefaultValueFactory = _ => 1000 };
    private static readonly Option<int> Connections = new("--connections") { Description = "Concurrent requests, 1 to 64; 1 keeps the file's order in the log.", DefaultValueFactory = _ => 4 };
    private static readonly Option<int> MaxLineBytes = new("--max-line-bytes") { Description = "The longest line; longer ones are refused.", DefaultValueFactory = _ => 1024 * 1024 };
    private static readonly Option<int> RetryFor = new("--retry-for") { Description = "Seconds for which a request is retried while the host is busy or away.", DefaultValueFactory = _ => 120 };
    private static readonly Option<string?> FileId = new("--file-id") { Description = "Names the file in the ids of lines without an id. Default: the file's name." };
    private static readonly Option<string[]> Map = new("--map") { Description = "CSV: a member of the event and its column, such as timestamp=TIMESTAMP; repeatable.", HelpName = "member=column" };
    private static readonly Option<string[]> Set = new("--set") { Description = "CSV: a member with the same value in every event, such as code=llm_call; repeatable.", HelpName = "member=value" };
    private static readonly Option<string[]> Properties = new("--properties") { Description = "CSV: columns that become properties. Default: all that are not mapped.", HelpName = "column=name,..." };
    private static readonly Option<string[]> Text = new("--text") { Description = "CSV: columns of text whose values all look like numbers.", HelpName = "column,..." };
    private static readonly Option<string[]> Number = new("--number") { Description = "CSV: columns of numbers; rows with another value there are refused.", HelpName = "column,..." };
    private static readonly Option<string> Offset = new("--offset") { Description = "CSV: the offset of timestamps without one, Z or +02:00.", DefaultValueFactory = _ => "Z" };
    private static readonly Option<string> Delimiter = new("--delimiter") { Description = "CSV: the character between two fields.", DefaultValueFactory = _ => "," };

    /// <summary>Creates the command. Called once.</summary>
    public static Command Create()
    {
        var command = new Command("import", "Sends the events of a file to a host. Importing a file twice changes nothing.")
        {
            File, Target.Url, Target.ApiKey, Target.DataDirectory, Format, Batch, Connections, MaxLineBytes, RetryFor, FileId, Map, Set, Properties, Text, Number, Offset, Delimiter,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, Console.WriteLine, Console.Error.WriteLine, cancellationToken));
        return command;
    }

    /// <summary>Runs the command with the given outputs. Returns the exit code.</summary>
    internal static async Task<int> RunAsync(ParseResult parsed, Action<string> print, Action<string> complain, CancellationToken cancellationToken)
    {
        var display = new ImportDisplay(AnsiConsole.Console, print, complain, TimeProvider.System);
        ImportSettings settings;
        try
        {
            HostConnection.RefuseUnknown(parsed);
            settings = (await ReadAsync(parsed)).Checked();
        }
        catch (CommandException wrong)
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
            Url = parsed.GetRequiredValue(Target.Url),
            ApiKey = await Target.FindKeyAsync(parsed),
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

using System.CommandLine;
using Bxb.Host.Cli.Import;
using Bxb.Operations.Contracts;
using Bxb.Riders.Replays;
using Spectre.Console;

namespace Bxb.Host.Cli.Replay;

/// <summary>The verb <c>replay GROUP</c>: starts a replay on a running host and shows its progress; shows or cancels one that runs.</summary>
internal static class ReplayCommand
{
    private static readonly Argument<string> Group = new("GROUP") { Description = "The consumer group, for example analytics." };
    private static readonly Option<Uri> Url = HostAddress.Option();
    private static readonly Option<string?> ApiKey = new("--api-key", "--key") { Description = "The admin token, or on a host without one an API key with the scope manage; else BXB_API_KEY, else the file api-key in the data directory." };
    private static readonly Option<string> DataDirectory = new("--data-directory") { Description = "Where a local host keeps its key.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("Bxb__DataDirectory") ?? ".bxb" };
    private static readonly Option<long?> FromPosition = new("--from-position") { Description = "Events from this position of the log on; 0 for everything." };
    private static readonly Option<string?> FromTime = new("--from-time") { Description = "Events that the log took in at this time or later, ISO 8601 with offset." };
    private static readonly Option<string?> FromOffsets = new("--from-offsets") { Description = "With Kafka: from these offsets on, 0=123,1=5; other partitions are left alone.", HelpName = "partition=offset,..." };
    private static readonly Option<long?> ToPosition = new("--to-position") { Description = "Up to this position; without an end up to what the group has processed." };
    private static readonly Option<string?> ToTime = new("--to-time") { Description = "Events that the log took in before this time." };
    private static readonly Option<string?> ToOffsets = new("--to-offsets") { Description = "With Kafka: up to these offsets, themselves not included.", HelpName = "partition=offset,..." };
    private static readonly Option<string> Into = new("--into") { Description = "live: to the group itself. shadow: into a second copy of its store, swapped in when it agrees with the log.", DefaultValueFactory = _ => "live" };
    private static readonly Option<string> Source = new("--source") { Description = "log, kafka, or auto: the topic while it holds what is asked for, else the event log.", DefaultValueFactory = _ => "auto" };
    private static readonly Option<long?> Cancel = new("--cancel") { Description = "Ends this replay early; the group goes on from where it was.", HelpName = "ID" };
    private static readonly Option<long?> Follow = new("--follow") { Description = "Shows this replay until it has ended.", HelpName = "ID" };

    /// <summary>Makes the verb, to be added to the root command once.</summary>
    public static Command Create()
    {
        var command = new Command("replay", "Delivers again what a consumer group has processed, and shows how far it is. Ctrl-C ends the showing, not the replay.")
        {
            Group, Url, ApiKey, DataDirectory, FromPosition, FromTime, FromOffsets, ToPosition, ToTime, ToOffsets, Into, Source, Cancel, Follow,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, AnsiConsole.Console, Console.WriteLine, Console.Error.WriteLine, cancellationToken));
        return command;
    }

    /// <summary>Runs it with the given places to write to.</summary>
    /// <returns>0: done, or cancelled as asked; 1: it failed or was cancelled elsewhere; 2: refused, or the host does not answer; 130: Ctrl-C, and the replay goes on.</returns>
    internal static async Task<int> RunAsync(ParseResult parsed, IAnsiConsole terminal, Action<string> print, Action<string> complain, CancellationToken cancellationToken)
    {
        if (parsed.UnmatchedTokens.Count > 0)
        {
            // The root command passes unknown arguments on as settings, and its verbs inherit that. A misspelt option of this verb is refused.
            complain($"replay does not know {string.Join(' ', parsed.UnmatchedTokens)}.");
            return 2;
        }

        ReplayAnswer? replay = null;
        try
        {
            var settings = (await ReadAsync(parsed)).Checked();
            using var client = new ReplayClient(settings, TimeProvider.System);
            var display = new ReplayDisplay(terminal, print, TimeProvider.System);
            replay = settings.Cancel is { } cancelled ? await client.CancelAsync(cancelled, cancellationToken)
                : settings.Follow is { } followed ? await client.GetAsync(followed, cancellationToken)
                : await client.StartAsync(settings.Body(), cancellationToken);
            var id = replay.Id;
            if (replay.SourceNote is { } note)
            {
                print(note);
            }

            replay = await display.FollowAsync(replay, token => client.GetAsync(id, token), cancellationToken);
            display.Summarize(replay);
            if (replay.Error is { } error)
            {
                complain(error);
            }

            return replay.State == (settings.Cancel is null ? ReplayState.Done : ReplayState.Cancelled) ? 0 : 1;
        }
        catch (Exception wrong) when (wrong is ReplayException or ImportException)
        {
            complain(wrong.Message);
            return 2;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            complain(replay is null
                ? "The host had not answered yet; GET /v1/pipeline shows whether a replay runs."
                : $"Replay {replay.Id} goes on. To follow it: replay {replay.Group} --follow {replay.Id}. To cancel it: replay {replay.Group} --cancel {replay.Id}.");
            return 130;
        }
    }

    private static async Task<ReplaySettings> ReadAsync(ParseResult parsed) => new(
        parsed.GetRequiredValue(Url),
        await ImportSettings.FindApiKeyAsync(parsed.GetValue(ApiKey), Environment.GetEnvironmentVariable("BXB_API_KEY"), parsed.GetRequiredValue(DataDirectory)),
        parsed.GetRequiredValue(Group),
        new ReplayEnd(parsed.GetValue(FromPosition), parsed.GetValue(FromTime), parsed.GetValue(FromOffsets)),
        new ReplayEnd(parsed.GetValue(ToPosition), parsed.GetValue(ToTime), parsed.GetValue(ToOffsets)),
        parsed.GetRequiredValue(Into),
        parsed.GetRequiredValue(Source),
        parsed.GetValue(Cancel),
        parsed.GetValue(Follow));
}

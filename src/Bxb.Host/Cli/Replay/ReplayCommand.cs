using System.CommandLine;
using Bxb.Operations.Contracts;
using Bxb.Riders.Replay;
using Spectre.Console;

namespace Bxb.Host.Cli.Replay;

/// <summary>The command <c>replay GROUP</c>: starts, shows or cancels a replay on a running host.</summary>
internal static class ReplayCommand
{
    private static readonly Argument<string> Group = new("GROUP") { Description = "The consumer group, for example analytics." };
    private static readonly HostConnection Target = new("The admin token, or on a host without one an API key with the scope manage.", "--key");
    private static readonly Option<long?> FromPosition = new("--from-position") { Description = "The first position of the range; 0 for the whole log." };
    private static readonly Option<string?> FromTime = new("--from-time") { Description = "The range begins with events recorded at this time or later, ISO 8601 with offset." };
    private static readonly Option<string?> FromOffsets = new("--from-offsets")
    {
        Description = "With Kafka: the first offsets, such as 0=123,1=5. Other partitions are not replayed.", HelpName = "partition=offset,...",
    };
    private static readonly Option<long?> ToPosition = new("--to-position") { Description = "The last position of the range. Without an end: the last one that the group has processed." };
    private static readonly Option<string?> ToTime = new("--to-time") { Description = "The range ends with events recorded before this time." };
    private static readonly Option<string?> ToOffsets = new("--to-offsets") { Description = "With Kafka: the ends of the range, themselves excluded.", HelpName = "partition=offset,..." };
    private static readonly Option<string> Into = new("--into")
    {
        Description = "live: to the group. shadow: into a second copy of its store, which replaces the first once it agrees with the log.", DefaultValueFactory = _ => "live",
    };
    private static readonly Option<string> Source = new("--source") { Description = "log, kafka, or auto: the topic while it holds the range, else the event log.", DefaultValueFactory = _ => "auto" };
    private static readonly Option<long?> Cancel = new("--cancel") { Description = "Cancels a replay. The group continues from its progress before the replay.", HelpName = "ID" };
    private static readonly Option<long?> Follow = new("--follow") { Description = "Shows a replay until it has ended.", HelpName = "ID" };

    /// <summary>Creates the command. Called once.</summary>
    public static Command Create()
    {
        var command = new Command("replay", "Delivers events to a consumer group again and shows the progress. Ctrl-C ends the display, not the replay.")
        {
            Group, Target.Url, Target.ApiKey, Target.DataDirectory, FromPosition, FromTime, FromOffsets, ToPosition, ToTime, ToOffsets, Into, Source, Cancel, Follow,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, AnsiConsole.Console, Console.WriteLine, Console.Error.WriteLine, cancellationToken));
        return command;
    }

    /// <summary>Runs the command with the given outputs.</summary>
    /// <returns>0: done, or cancelled as requested; 1: failed, or cancelled by another caller; 2: refused, or the host does not answer; 130: Ctrl-C, and the replay runs on.</returns>
    internal static async Task<int> RunAsync(ParseResult parsed, IAnsiConsole terminal, Action<string> print, Action<string> complain, CancellationToken cancellationToken)
    {
        ReplayAnswer? replay = null;
        try
        {
            HostConnection.RefuseUnknown(parsed);
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
        catch (CommandException wrong)
        {
            complain(wrong.Message);
            return 2;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            complain(replay is null
                ? "The host has not answered yet. GET /v1/pipeline shows whether a replay runs."
                : $"Replay {replay.Id} runs on. To follow it: replay {replay.Group} --follow {replay.Id}. To cancel it: replay {replay.Group} --cancel {replay.Id}.");
            return 130;
        }
    }

    private static async Task<ReplaySettings> ReadAsync(ParseResult parsed) => new(
        parsed.GetRequiredValue(Target.Url),
        await Target.FindKeyAsync(parsed),
        parsed.GetRequiredValue(Group),
        new ReplayEnd(parsed.GetValue(FromPosition), parsed.GetValue(FromTime), parsed.GetValue(FromOffsets)),
        new ReplayEnd(parsed.GetValue(ToPosition), parsed.GetValue(ToTime), parsed.GetValue(ToOffsets)),
        parsed.GetRequiredValue(Into),
        parsed.GetRequiredValue(Source),
        parsed.GetValue(Cancel),
        parsed.GetValue(Follow));
}

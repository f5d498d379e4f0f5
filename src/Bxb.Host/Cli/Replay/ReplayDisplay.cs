using System.Globalization;
using Bxb.Operations.Contracts;
using Bxb.Riders.Replay;
using Spectre.Console;

namespace Bxb.Host.Cli.Replay;

/// <summary>Shows the progress of a replay, as a bar on a terminal and as a line every two seconds elsewhere.</summary>
/// <param name="terminal">Shows the bar.</param>
/// <param name="print">Writes a line to standard output.</param>
/// <param name="time">The clock.</param>
internal sealed class ReplayDisplay(IAnsiConsole terminal, Action<string> print, TimeProvider time)
{
    private static readonly TimeSpan BarInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(2);

    private bool IsLive => terminal.Profile.Capabilities.Interactive && terminal.Profile.Out.IsTerminal;

    /// <summary>Shows a replay until it has ended, and returns its last state.</summary>
    /// <param name="replay">The current state.</param>
    /// <param name="look">Reads the state.</param>
    /// <param name="cancellationToken">Ends the display. The replay runs on.</param>
    public async Task<ReplayAnswer> FollowAsync(ReplayAnswer replay, Func<CancellationToken, Task<ReplayAnswer>> look, CancellationToken cancellationToken)
    {
        if (IsLive)
        {
            await terminal.Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn())
                .StartAsync(async context =>
                {
                    var bar = context.AddTask(Markup.Escape(Describe(replay)), maxValue: 1);
                    await WatchAsync(BarInterval, shown =>
                    {
                        bar.Value = Fraction(shown);
                        bar.Description = Markup.Escape(Describe(shown));
                    });
                });
        }
        else
        {
            await WatchAsync(LineInterval, shown => print(string.Create(CultureInfo.InvariantCulture, $"{Describe(shown)}, {100 * Fraction(shown):0} %")));
        }

        return replay;

        async Task WatchAsync(TimeSpan interval, Action<ReplayAnswer> show)
        {
            while (true)
            {
                show(replay);
                if (replay.FinishedAt is not null)
                {
                    return;
                }

                await Task.Delay(interval, time, cancellationToken);
                replay = await look(cancellationToken);
            }
        }
    }

    /// <summary>Writes the final state.</summary>
    public void Summarize(ReplayAnswer replay)
    {
        Line($"replay      {replay.Id}");
        Line($"group       {replay.Group}");
        Line($"state       {replay.State.ToString().ToLowerInvariant()}");
        Line($"from        {replay.From}");
        Line($"to          {replay.To}");
        Line($"events      {replay.Events:N0}");
        if (replay.FinishedAt is { } finished)
        {
            Line($"seconds     {(finished - replay.StartedAt).TotalSeconds:0.0}");
        }
    }

    private void Line(FormattableString line) => print(line.ToString(CultureInfo.InvariantCulture));

    private static string Describe(ReplayAnswer replay) => string.Create(
        CultureInfo.InvariantCulture, $"{replay.Group} {replay.State.ToString().ToLowerInvariant()}  {replay.Events:N0} events, position {replay.Position}");

    private static double Fraction(ReplayAnswer replay) => replay.State == ReplayState.Done || replay.To < replay.From
        ? 1
        : Math.Clamp((replay.Position - replay.From + 1) / (double)(replay.To - replay.From + 1), 0, 1);
}

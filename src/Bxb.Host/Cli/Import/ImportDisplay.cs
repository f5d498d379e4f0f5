using System.Globalization;
using Spectre.Console;

namespace Bxb.Host.Cli.Import;

/// <summary>Shows an import: a bar on a terminal, a plain line every two seconds elsewhere; the counts at its end.</summary>
/// <param name="terminal">For the bar.</param>
/// <param name="print">Takes a line of the output.</param>
/// <param name="complain">Takes a line of the error output.</param>
/// <param name="time">For the pace of the display.</param>
internal sealed class ImportDisplay(IAnsiConsole terminal, Action<string> print, Action<string> complain, TimeProvider time)
{
    private bool IsLive => terminal.Profile.Capabilities.Interactive && terminal.Profile.Out.IsTerminal;

    /// <summary>Tells a refused line: above the bar, or on the error stream, where a file can collect them.</summary>
    public void Report(string line)
    {
        if (IsLive)
        {
            terminal.MarkupLineInterpolated($"[red]{line}[/]");
        }
        else
        {
            complain(line);
        }
    }

    /// <summary>Shows a run until it has ended.</summary>
    public async Task<ImportResult> ShowAsync(string name, long fileBytes, ImportTally tally, Task<ImportResult> run)
    {
        if (IsLive)
        {
            await terminal.Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn())
                .StartAsync(async context =>
                {
                    var bar = context.AddTask(Markup.Escape(name), maxValue: Math.Max(1, fileBytes));
                    while (await Task.WhenAny(run, Task.Delay(TimeSpan.FromMilliseconds(100), time, CancellationToken.None)) != run)
                    {
                        Move(bar, tally.Current);
                    }

                    Move(bar, tally.Current);
                });
        }
        else
        {
            while (await Task.WhenAny(run, Task.Delay(TimeSpan.FromSeconds(2), time, CancellationToken.None)) != run)
            {
                var now = tally.Current;
                Line($"{name}: {100.0 * now.FileBytes / Math.Max(1, fileBytes):0} %, line {now.Line:N0}, {now.Events:N0} events");
            }
        }

        return await run;

        void Move(ProgressTask bar, ImportTally.Counts now)
        {
            bar.Value = now.FileBytes;
            bar.Description = Markup.Escape(string.Create(CultureInfo.InvariantCulture, $"{name}  {now.Events:N0} events"));
        }
    }

    /// <summary>Writes the counts, and why the import ended if it did so early.</summary>
    public void Summarize(ImportResult result)
    {
        var (counts, seconds) = (result.Counts, result.Elapsed.TotalSeconds);
        Line($"ingested    {counts.Ingested:N0}");
        Line($"duplicates  {counts.Duplicates:N0}");
        Line($"conflicts   {counts.Conflicts:N0}");
        Line($"rejected    {counts.Rejected:N0}");
        Line($"position    {counts.Position}");
        Line($"seconds     {seconds:0.0}");
        Line($"events/s    {counts.Events / Math.Max(0.001, seconds):N0}");
        foreach (var note in result.Notes)
        {
            print(note);
        }

        if (counts.Conflicts > 0)
        {
            Line($"Conflicts are events whose id the host knew with other content; GET /v1/conflicts shows both.");
        }

        if (result.Failure is not null)
        {
            complain(result.Failure.Message);
        }

        if (result.Failure is not null || result.Stopped)
        {
            complain(string.Create(
                CultureInfo.InvariantCulture, $"Stopped: every line up to {counts.Line:N0} is dealt with. The same command again goes on; what is there already counts as duplicates."));
        }
    }

    private void Line(FormattableString line) => print(line.ToString(CultureInfo.InvariantCulture));
}

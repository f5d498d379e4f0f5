using System.Globalization;
using Spectre.Console;

namespace Bxb.Host.Cli.Import;

/// <summary>Shows the progress of an import, as a bar on a terminal and as a line every two seconds elsewhere, and the counts at its end.</summary>
/// <param name="terminal">Shows the bar.</param>
/// <param name="print">Writes a line to standard output.</param>
/// <param name="complain">Writes a line to standard error.</param>
/// <param name="time">The clock.</param>
internal sealed class ImportDisplay(IAnsiConsole terminal, Action<string> print, Action<string> complain, TimeProvider time)
{
    private bool IsLive => terminal.Profile.Capabilities.Interactive && terminal.Profile.Out.IsTerminal;

    /// <summary>Writes a refused line above the bar, or to standard error.</summary>
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

    /// <summary>Shows the progress until the import has ended.</summary>
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

    /// <summary>Writes the counts, and the reason of an early end.</summary>
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
            Line($"Conflicts are events that were recorded before with other content; GET /v1/conflicts shows both versions.");
        }

        if (result.Failure is not null)
        {
            complain(result.Failure.Message);
        }

        if (result.Failure is not null || result.Stopped)
        {
            complain(string.Create(
                CultureInfo.InvariantCulture, $"Stopped: all lines up to {counts.Line:N0} are done. Run the same command to continue; events that were already sent count as duplicates."));
        }
    }

    private void Line(FormattableString line) => print(line.ToString(CultureInfo.InvariantCulture));
}

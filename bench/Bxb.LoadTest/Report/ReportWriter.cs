using System.Globalization;
using Bxb.LoadTest.Figures;

namespace Bxb.LoadTest.Report;

/// <summary>Writes a report for people, and as a row for bench/README.md.</summary>
internal static class ReportWriter
{
    /// <summary>The row's head.</summary>
    public const string MarkdownHead = """
        | date | load | acknowledged/s | ack p50 / p99 / p99.9 ms | into ClickHouse/s | freshness p50 / p99 ms | lag max s, at end events | in step after s | CPU s per 1M events: host / PostgreSQL / engine / broker / generator | MiB at most: host / PostgreSQL / engine / broker | bare twin/s | ratio | check |
        | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
        """;

    /// <summary>Every figure on a line of its own.</summary>
    public static IEnumerable<string> Lines(LoadReport report)
    {
        yield return $"machine                  {report.Machine}";
        yield return $"load                     {report.Load}";
        foreach (var line in Lines("product", report.Product))
        {
            yield return line;
        }

        if (report.Bare is { } bare)
        {
            foreach (var line in Lines("bare twin", bare))
            {
                yield return line;
            }

            yield return Invariant($"ratio                    {report.Ratio:0.00} acknowledged events of the product for each of the bare twin");
        }
    }

    /// <summary>The row below <see cref="MarkdownHead"/>.</summary>
    public static string MarkdownRow(LoadReport report)
    {
        var p = report.Product;
        return Invariant($"| {report.At:yyyy-MM-dd} | {report.Load} | {p.AcknowledgedPerSecond:N0} | {Three(p.AckLatency)} | {p.ClickHousePerSecond:N0} | ")
            + (p.Freshness is { } f ? Invariant($"{f.P50:0} / {f.P99:0}") : "")
            + Invariant($" | {p.MaxLagSeconds:0.0}, {p.LagAtEndEvents:N0} | {p.InStepSeconds:0.00} | ")
            + string.Join(" / ", new[] { ProcessFigures.Host, ProcessFigures.PostgreSql, ProcessFigures.Engine, ProcessFigures.Broker, ProcessFigures.Generator }.Select(n => Part(p, n) is { } u ? Invariant($"{u.CpuSecondsPerMillion:0.0}") : "-"))
            + " | " + string.Join(" / ", new[] { ProcessFigures.Host, ProcessFigures.PostgreSql, ProcessFigures.Engine, ProcessFigures.Broker }.Select(n => Part(p, n) is { } u ? Invariant($"{u.PeakMemoryMib:0}") : "-"))
            + Invariant($" | {report.Bare?.AcknowledgedPerSecond:N0} | {report.Ratio:0.00} | {(report.Agrees ? "AGREE" : "DIFFER")} |");
    }

    private static IEnumerable<string> Lines(string name, RunFigures f)
    {
        yield return "";
        yield return name;
        if (f.StartSeconds is { } start)
        {
            yield return Invariant($"  start                  {start:0.0} s until ready");
        }

        yield return Invariant($"  acknowledged           {f.AcknowledgedPerSecond:N0} events/s ({f.AcknowledgedEvents:N0} events)");
        yield return Invariant($"  ack latency            p50 / p99 / p99.9 {Three(f.AckLatency)} ms, max {f.AckLatency.Max:0.0} ms, {f.AckLatency.Count:N0} requests");
        yield return Invariant($"  429 and 503, resent    {f.Throttled:N0}, {f.Resent:N0}");
        if (f.ClickHousePerSecond is { } loaded)
        {
            yield return Invariant($"  into ClickHouse        {loaded:N0} events/s");
            yield return Invariant($"  lag                    at most {f.MaxLagEvents:N0} events, {f.MaxLagSeconds:0.0} s; {f.LagAtEndEvents:N0} events when the load ended");
            yield return Invariant($"  both stores in step    {f.InStepSeconds:0.00} s after the last acknowledgement");
        }

        if (f.Freshness is { } fresh)
        {
            yield return Invariant($"  freshness              p50 / p99 {fresh.P50:0} / {fresh.P99:0} ms, max {fresh.Max:0} ms, {fresh.Count:N0} probes");
        }

        foreach (var part in f.Parts)
        {
            yield return Invariant($"  {part.Name,-22} {part.CpuSecondsPerMillion:0.0} CPU s per million events, {part.PeakMemoryMib:N0} MiB at most");
        }

        yield return f.Differences.Count == 0 ? Invariant($"  AGREE                  {f.DifferentEvents:N0} different events, counts and sums") : "  DIFFER";
        foreach (var difference in f.Differences)
        {
            yield return "    " + difference;
        }
    }

    private static PartUse? Part(RunFigures figures, string name) => figures.Parts.FirstOrDefault(p => p.Name == name);

    private static string Three(Percentiles p) => Invariant($"{p.P50:0.0} / {p.P99:0.0} / {p.P999:0.0}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

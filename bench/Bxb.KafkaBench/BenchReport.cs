using System.Globalization;

namespace Bxb.KafkaBench;

/// <summary>Prints figures for people.</summary>
internal static class BenchReport
{
    /// <summary>One run.</summary>
    public static void Print(string name, Round round)
    {
        Line($"{name}: {round.Rate:N0} records/s in {round.Seconds:0.00} s; CPU s per 1M: client {PerMillion(round.ClientCpu):0.00}, PostgreSQL {PerMillion(round.PostgresCpu):0.00}, broker {PerMillion(round.BrokerCpu):0.00}");
        var threads = round.Threads.Where(t => PerMillion(t.Value) >= 0.02).OrderByDescending(t => t.Value).Select(t => Invariant($"{t.Key} {PerMillion(t.Value):0.00}"));
        Line($"    by thread: {string.Join(", ", threads)}");
        if (round.Batches > 0)
        {
            Line($"    in {round.Batches:N0} batches");
        }

        double PerMillion(double seconds) => seconds * 1_000_000 / round.Records;
    }

    /// <summary>The plain loop's rounds against the rider's, each pair its own ratio.</summary>
    public static void PrintRatio(int partitions, IReadOnlyList<Round> plain, IReadOnlyList<Round> rider)
    {
        var ratios = plain.Zip(rider, (p, r) => r.Rate / p.Rate).ToList();
        Line($"{partitions} partition(s), medians of {plain.Count} rounds: plain loop {Median(plain.Select(p => p.Rate)):N0}/s, rider {Median(rider.Select(r => r.Rate)):N0}/s, ratio {Median(ratios):0.00} ({ratios.Min():0.00} to {ratios.Max():0.00})");
    }

    /// <summary>How long nothing was carried.</summary>
    public static void PrintTakeOver(string what, IReadOnlyList<double> seconds)
        => Line($"relay {what}, {seconds.Count} rounds: the next one has carried on after {Median(seconds):0.00} s ({seconds.Min():0.00} to {seconds.Max():0.00})");

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private static void Line(FormattableString text) => Console.WriteLine(Invariant(text));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

using System.Diagnostics.Metrics;

namespace Bxb.ClickHouse;

/// <summary>What the client measures, for every instance of it.</summary>
internal static class ClickHouseInstruments
{
    private static readonly Meter Meter = new("Bxb.ClickHouse");

    /// <summary>From sending a statement to the first bytes of its answer (query) or to its end (execute, insert); tags: operation, outcome.</summary>
    internal static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "bxb.clickhouse.statement.duration", "s", "Time a statement took.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });

    /// <summary>Bytes of rows that were sent.</summary>
    internal static readonly Counter<long> InsertedBytes = Meter.CreateCounter<long>("bxb.clickhouse.insert.size", "By", "Bytes of rows that were sent.");
}

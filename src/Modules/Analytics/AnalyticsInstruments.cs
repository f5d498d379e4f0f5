using System.Diagnostics.Metrics;

namespace Bxb.Analytics;

/// <summary>What the analytics module measures.</summary>
internal static class AnalyticsInstruments
{
    private static readonly Meter Meter = new("Bxb.Analytics");
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] };

    /// <summary>Rows that ClickHouse has acknowledged.</summary>
    internal static readonly Counter<long> LoadedRows = Meter.CreateCounter<long>("bxb.analytics.load.rows", "{row}", "Rows that ClickHouse has acknowledged.");

    /// <summary>Time from a batch's arrival to its acknowledgement; tag mode: First, Refill, Repair.</summary>
    internal static readonly Histogram<double> LoadDuration = Meter.CreateHistogram("bxb.analytics.load.duration", "s", "Time to bring a batch into ClickHouse.", advice: Seconds);

    /// <summary>Batches that went in by a repair insert, because an earlier attempt may have left rows.</summary>
    internal static readonly Counter<long> Repairs = Meter.CreateCounter<long>("bxb.analytics.load.repairs", "{batch}", "Batches that were repaired.");

    /// <summary>Times that ClickHouse turned out to hold less than the group's progress said.</summary>
    internal static readonly Counter<long> Rewinds = Meter.CreateCounter<long>("bxb.analytics.load.rewinds", "{rewind}", "Times that loading went back to a safe position.");

    /// <summary>Time to bring the inserted rows to disk and to note the safe position.</summary>
    internal static readonly Histogram<double> CheckpointDuration = Meter.CreateHistogram("bxb.analytics.checkpoint.duration", "s", "Time to make a checkpoint.", advice: Seconds);
}

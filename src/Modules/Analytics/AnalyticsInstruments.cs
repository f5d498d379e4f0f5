using System.Diagnostics.Metrics;

namespace Bxb.Analytics;

/// <summary>Metrics of loading.</summary>
internal static class AnalyticsInstruments
{
    private static readonly Meter Meter = new("Bxb.Analytics");
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] };

    /// <summary>Rows that ClickHouse has acknowledged.</summary>
    internal static readonly Counter<long> LoadedRows = Meter.CreateCounter<long>("bxb.analytics.load.rows", "{row}", "Rows that ClickHouse has acknowledged.");

    /// <summary>Time from the arrival of a batch to its acknowledgement. Tag: mode (First, Refill, Repair).</summary>
    internal static readonly Histogram<double> LoadDuration = Meter.CreateHistogram("bxb.analytics.load.duration", "s", "Time to load a batch into ClickHouse.", advice: Seconds);

    /// <summary>Batches loaded by a repair insert, because an earlier insert may have left rows.</summary>
    internal static readonly Counter<long> Repairs = Meter.CreateCounter<long>("bxb.analytics.load.repairs", "{batch}", "Batches loaded by a repair insert.");

    /// <summary>Number of times a partition was sent back to its checkpoint, because ClickHouse may contain less than its progress says.</summary>
    internal static readonly Counter<long> Rewinds = Meter.CreateCounter<long>("bxb.analytics.load.rewinds", "{rewind}", "Times that a partition was sent back to its checkpoint.");

    /// <summary>Time to sync the inserted rows and to store the checkpoints.</summary>
    internal static readonly Histogram<double> CheckpointDuration = Meter.CreateHistogram("bxb.analytics.checkpoint.duration", "s", "Time to store the checkpoints.", advice: Seconds);
}

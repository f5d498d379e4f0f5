using System.Diagnostics.Metrics;

namespace Bxb.Analytics.Queries;

/// <summary>Metrics of usage queries.</summary>
internal static class UsageInstruments
{
    private static readonly Meter Meter = new("Bxb.Analytics");

    /// <summary>Time to answer, including the wait for a position. Tags: store, the requested one; outcome, ok, failed or an error code.</summary>
    internal static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "bxb.analytics.query.duration", "s", "Time to answer a usage query.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });

    /// <summary>Queries with store=auto that PostgreSQL answered instead of ClickHouse. Tag: reason (late, away, error).</summary>
    internal static readonly Counter<long> Fallbacks = Meter.CreateCounter<long>("bxb.analytics.query.fallbacks", "{query}", "Usage queries that PostgreSQL answered instead of ClickHouse.");
}

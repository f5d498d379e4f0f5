using System.Diagnostics.Metrics;

namespace Bxb.Analytics.Queries;

/// <summary>What usage queries measure.</summary>
internal static class UsageInstruments
{
    private static readonly Meter Meter = new("Bxb.Analytics");

    /// <summary>Time to answer, waiting for a position included; tags store and outcome (ok, late, away).</summary>
    internal static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "bxb.analytics.query.duration", "s", "Time to answer a usage query.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });

    /// <summary>Queries with store=auto that PostgreSQL answered in the place of ClickHouse; tag reason (late, away, error).</summary>
    internal static readonly Counter<long> Fallbacks = Meter.CreateCounter<long>("bxb.analytics.query.fallbacks", "{query}", "Usage queries that PostgreSQL answered in the place of ClickHouse.");
}

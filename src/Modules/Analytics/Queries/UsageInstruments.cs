using System.Diagnostics.Metrics;

namespace Bxb.Analytics.Queries;

/// <summary>What usage queries measure.</summary>
internal static class UsageInstruments
{
    private static readonly Meter Meter = new("Bxb.Analytics");

    /// <summary>Time to answer, waiting for a position included; tags store and outcome (ok, late, away).</summary>
    internal static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("bxb.analytics.query.duration", "s", "Time to answer a usage query.");

    /// <summary>Queries with store=auto that PostgreSQL answered in the place of ClickHouse; tag reason (late, away).</summary>
    internal static readonly Counter<long> Fallbacks = Meter.CreateCounter<long>("bxb.analytics.query.fallbacks", "{query}", "Usage queries that PostgreSQL answered in the place of ClickHouse.");
}

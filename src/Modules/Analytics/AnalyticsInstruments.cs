using System.Diagnostics.Metrics;
using Bxb.Analytics.Loading.Inserts;
using Bxb.Analytics.Queries;

namespace Bxb.Analytics;

/// <summary>The meter <c>Bxb.Analytics</c>. Thread-safe.</summary>
internal sealed class AnalyticsInstruments
{
    private readonly Counter<long> _loadedRows;
    private readonly Histogram<double> _loadDuration;
    private readonly Counter<long> _repairs;
    private readonly Counter<long> _rewinds;
    private readonly Histogram<double> _checkpointDuration;
    private readonly Histogram<double> _queryDuration;
    private readonly Counter<long> _fallbacks;

    public AnalyticsInstruments(IMeterFactory meters)
    {
        var meter = meters.Create("Bxb.Analytics");
        var loading = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] };
        var querying = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] };
        _loadedRows = meter.CreateCounter<long>("bxb.analytics.load.rows", "{row}", "Rows that ClickHouse has acknowledged.");
        _loadDuration = meter.CreateHistogram("bxb.analytics.load.duration", "s", "Time to load a batch into ClickHouse.", advice: loading);
        _repairs = meter.CreateCounter<long>("bxb.analytics.load.repairs", "{batch}", "Batches loaded by a repair insert.");
        _rewinds = meter.CreateCounter<long>("bxb.analytics.load.rewinds", "{rewind}", "Times that a partition was sent back to its checkpoint.");
        _checkpointDuration = meter.CreateHistogram("bxb.analytics.checkpoint.duration", "s", "Time to store the checkpoints.", advice: loading);
        _queryDuration = meter.CreateHistogram("bxb.analytics.query.duration", "s", "Time to answer a usage query.", advice: querying);
        _fallbacks = meter.CreateCounter<long>("bxb.analytics.query.fallbacks", "{query}", "Usage queries that PostgreSQL answered instead of ClickHouse.");
    }

    /// <summary>Counts a batch that ClickHouse has acknowledged, with the time since its arrival.</summary>
    internal void Loaded(int rows, TimeSpan elapsed, LoadMode mode)
    {
        _loadedRows.Add(rows);
        _loadDuration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("mode", mode.ToString()));
    }

    /// <summary>Counts a batch that needs a repair insert, because an earlier insert may have left rows.</summary>
    internal void Repaired() => _repairs.Add(1);

    /// <summary>Counts a partition that was sent back to its checkpoint, because ClickHouse may contain less than its progress says.</summary>
    internal void Rewound() => _rewinds.Add(1);

    /// <summary>Records the time to sync the inserted rows and to store the checkpoints.</summary>
    internal void Checkpointed(TimeSpan elapsed) => _checkpointDuration.Record(elapsed.TotalSeconds);

    /// <summary>Records the time to answer a query, including the wait for a position.</summary>
    /// <param name="store">The requested store.</param>
    /// <param name="outcome">ok, failed or an error code.</param>
    /// <param name="elapsed">The time.</param>
    internal void Queried(StoreChoice store, string outcome, TimeSpan elapsed) =>
        _queryDuration.Record(elapsed.TotalSeconds, new("store", store.ToString().ToLowerInvariant()), new("outcome", outcome));

    /// <summary>Counts a query with store=auto that PostgreSQL answers instead of ClickHouse.</summary>
    /// <param name="reason">late, away or error.</param>
    internal void FellBack(string reason) => _fallbacks.Add(1, new KeyValuePair<string, object?>("reason", reason));
}

using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Bxb.ClickHouse;

/// <summary>The meter <c>Bxb.ClickHouse</c>. Thread-safe.</summary>
internal sealed class ClickHouseInstruments
{
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _insertedBytes;

    /// <summary>Creates the instruments.</summary>
    /// <param name="meters">Null outside of a host: the meter then belongs to the process.</param>
    public ClickHouseInstruments(IMeterFactory? meters)
    {
        var meter = meters?.Create("Bxb.ClickHouse") ?? new Meter("Bxb.ClickHouse");
        _duration = meter.CreateHistogram(
            "bxb.clickhouse.statement.duration", "s", "Time a statement took.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });
        _insertedBytes = meter.CreateCounter<long>("bxb.clickhouse.insert.size", "By", "Bytes of rows that were sent.");
    }

    /// <summary>Records the time from sending a statement to the first bytes of its answer (query) or to its end (execute, insert).</summary>
    internal void Ran(string operation, long begun, string outcome) =>
        _duration.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds, new("operation", operation), new("outcome", outcome));

    internal void Inserted(int bytes) => _insertedBytes.Add(bytes);
}

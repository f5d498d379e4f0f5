using System.Diagnostics;
using System.Diagnostics.Metrics;
using Bxb.Ingestion.Http;
using Bxb.Modularity.Http;

namespace Bxb.Ingestion;

/// <summary>The meter <c>Bxb.Ingestion</c>. Thread-safe; lives as long as the host.</summary>
internal sealed class IngestionInstruments
{
    private readonly Counter<long> _events;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _refused;
    private readonly Histogram<double> _duration;

    public IngestionInstruments(IMeterFactory meters, Admission admission)
    {
        var meter = meters.Create("Bxb.Ingestion");
        _events = meter.CreateCounter<long>("bxb.ingestion.events", "{event}", "Events of accepted requests, by outcome.");
        _bytes = meter.CreateCounter<long>("bxb.ingestion.bytes", "By", "Bytes of JSON that were read, after decompression.");
        _refused = meter.CreateCounter<long>("bxb.ingestion.refused", "{request}", "Requests that were refused whole, by error code.");
        _duration = meter.CreateHistogram(
            "bxb.ingestion.duration", "s", "From a request's first byte to the log's commit.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        meter.CreateObservableUpDownCounter("bxb.ingestion.bytes_in_flight", () => admission.HeldBytes, "By", "Bytes that requests hold before the commit.");
    }

    /// <summary>Counts a request that has ended, with its events.</summary>
    public void Took(TakenEvents taken, bool batch, TimeSpan elapsed)
    {
        _bytes.Add(taken.Bytes);
        _duration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("call", batch ? "batch" : "event"));
        if (taken.Refusal is { } refusal)
        {
            _refused.Add(1, new KeyValuePair<string, object?>("code", refusal.Code.Code));
            return;
        }

        Count("recorded", taken.Recorded);
        Count("duplicate", taken.Duplicates);
        Count("conflict", taken.Conflicts);
        Count("rejected", taken.Rejected);
    }

    private void Count(string outcome, int events)
    {
        if (events > 0)
        {
            _events.Add(events, new TagList { { "outcome", outcome } });
        }
    }
}

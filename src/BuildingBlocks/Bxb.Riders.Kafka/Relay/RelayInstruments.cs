using System.Diagnostics.Metrics;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>What the relay measures, on the meter <c>Bxb.Riders.Kafka</c>.</summary>
internal sealed class RelayInstruments : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Bxb.Riders.Kafka";

    private readonly Meter _meter;
    private readonly Counter<long> _records;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _oversized;
    private readonly Histogram<double> _duration;

    public RelayInstruments(IMeterFactory meters, RelayActivity activity)
    {
        _meter = meters.Create(MeterName);
        var seconds = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] };
        _records = _meter.CreateCounter<long>("bxb.relay.records", "{event}", "Records carried to the topic, committed and stored.");
        _failures = _meter.CreateCounter<long>("bxb.relay.failures", "{attempt}", "Times that the relay had to begin again.");
        _oversized = _meter.CreateCounter<long>("bxb.relay.oversized", "{event}", "Records that were too large for the topic and went to the dead letters.");
        _duration = _meter.CreateHistogram("bxb.relay.flush.duration", "s", "Time from a flush's first record to its stored position.", advice: seconds);
        _meter.CreateObservableGauge("bxb.relay.lag.events", () => activity.LagEvents, "{event}", "Positions between the relay and the settled one; 0 on hosts that do not relay.");
        _meter.CreateObservableGauge("bxb.relay.lag.seconds", () => activity.LagSeconds, "s", "Age of the oldest record in hand.");
        _meter.CreateObservableGauge("bxb.relay.stillness", () => activity.Stillness.TotalSeconds, "s", "Time without movement while there is lag.");
    }

    /// <summary>A flush is stored.</summary>
    public void Flushed(int records, TimeSpan duration)
    {
        _records.Add(records);
        _duration.Record(duration.TotalSeconds);
    }

    /// <summary>A try failed.</summary>
    public void Failed() => _failures.Add(1);

    /// <summary>A record is too large for the topic.</summary>
    public void Oversized() => _oversized.Add(1);

    public void Dispose() => _meter.Dispose();
}

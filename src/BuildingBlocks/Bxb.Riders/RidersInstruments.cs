using System.Diagnostics.Metrics;
using Bxb.Riders.Progress;

namespace Bxb.Riders;

/// <summary>The meter <c>Bxb.Riders</c>. Every measurement is tagged with the group. Lag is also tagged with the partition, and reported only by the host that reads it.</summary>
internal sealed class RidersInstruments : IDisposable
{
    public const string MeterName = "Bxb.Riders";

    private readonly Meter _meter;
    private readonly Histogram<long> _size;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _events;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _rewinds;

    public RidersInstruments(IMeterFactory factory, GroupRegistry groups)
    {
        _meter = factory.Create(MeterName);
        // A batch is retried for as long as its store is away, so durations reach minutes.
        var sizes = new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 10, 50, 100, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 50_000, 100_000] };
        var seconds = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] };
        _size = _meter.CreateHistogram("bxb.riders.batch.size", "{event}", "Records in a batch that was processed.", advice: sizes);
        _duration = _meter.CreateHistogram("bxb.riders.batch.duration", "s", "Time in the consumer, from the first attempt to the end, pauses included.", advice: seconds);
        _events = _meter.CreateCounter<long>("bxb.riders.events", "{event}", "Records processed.");
        _retries = _meter.CreateCounter<long>("bxb.riders.retries", "{attempt}", "Attempts at a batch that failed for a transient reason.");
        _deadLetters = _meter.CreateCounter<long>("bxb.riders.dead_letters", "{event}", "Records that became dead letters.");
        _rewinds = _meter.CreateCounter<long>("bxb.riders.rewinds", "{rewind}", "Times that a group went back below its progress.");
        Gauge(groups, "bxb.riders.lag.events", "{event}", "Unprocessed records of the partition that the transport has; positions where only these are known.", p => p.LagEvents);
        Gauge(groups, "bxb.riders.lag.seconds", "s", "Age of the oldest of them.", p => p.LagSeconds);
        _meter.CreateObservableGauge(
            "bxb.riders.stillness", () => groups.All.Select(g => new Measurement<double>(g.Stillness.TotalSeconds, Tag(g.Group))), "s", "Time without movement while there is lag.");
    }

    /// <summary>A batch was processed.</summary>
    public void Processed(string group, int events, TimeSpan duration)
    {
        var tag = Tag(group);
        _size.Record(events, tag);
        _duration.Record(duration.TotalSeconds, tag);
        _events.Add(events, tag);
    }

    /// <summary>An attempt failed and will be repeated.</summary>
    public void Retried(string group) => _retries.Add(1, Tag(group));

    /// <summary>A record became a dead letter.</summary>
    public void DeadLettered(string group) => _deadLetters.Add(1, Tag(group));

    /// <summary>A group was rewound.</summary>
    public void Rewound(string group) => _rewinds.Add(1, Tag(group));

    public void Dispose() => _meter.Dispose();

    private void Gauge(GroupRegistry groups, string name, string unit, string description, Func<PartitionActivity, double> value) =>
        _meter.CreateObservableGauge(
            name,
            () => groups.All.SelectMany(g => g.Partitions.Where(p => p.IsHeld).Select(p => new Measurement<double>(value(p), Tag(g.Group), new("partition", p.Partition)))),
            unit, description);

    private static KeyValuePair<string, object?> Tag(string group) => new("group", group);
}

using System.Diagnostics.Metrics;

namespace Bxb.EventLog;

/// <summary>The meter <c>Bxb.EventLog</c>. Thread-safe.</summary>
internal sealed class EventLogInstruments
{
    /// <summary>The reason of a block that was not appended because of the server.</summary>
    public const string Unavailable = "unavailable";

    private readonly Meter _meter;
    private readonly Counter<long> _events;
    private readonly Counter<long> _failures;
    private long _unavailable;

    public EventLogInstruments(IMeterFactory meters)
    {
        _meter = meters.Create("Bxb.EventLog");
        var seconds = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] };
        var sizes = new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 5, 10, 50, 100, 500, 1_000, 2_500, 5_000, 10_000] };
        AppendDuration = _meter.CreateHistogram("bxb.eventlog.append.duration", "s", "Time from a group's first statement to the word on all its events.", advice: seconds);
        GroupEvents = _meter.CreateHistogram("bxb.eventlog.append.group", "{event}", "Events in a commit group.", advice: sizes);
        _events = _meter.CreateCounter<long>("bxb.eventlog.append.events", "{event}", "Events by what became of them.");
        _failures = _meter.CreateCounter<long>("bxb.eventlog.append.failures", "{block}", "Blocks that were not appended, by reason.");
        ProbeDuration = _meter.CreateHistogram("bxb.eventlog.settled.duration", "s", "Time until a value of the sequence was known to be settled.", advice: seconds);
    }

    public Histogram<double> AppendDuration { get; }

    public Histogram<int> GroupEvents { get; }

    public Histogram<double> ProbeDuration { get; }

    public void Recorded(int events) => _events.Add(events, new KeyValuePair<string, object?>("outcome", "recorded"));

    public void Repeated(int duplicates, int conflicts)
    {
        _events.Add(duplicates, new KeyValuePair<string, object?>("outcome", "duplicate"));
        _events.Add(conflicts, new KeyValuePair<string, object?>("outcome", "conflict"));
    }

    public void Failed(int blocks, string reason)
    {
        _failures.Add(blocks, new KeyValuePair<string, object?>("reason", reason));
        if (reason == Unavailable)
        {
            Interlocked.Add(ref _unavailable, blocks);
        }
    }

    public void ObserveQueue(Func<int> blocks) =>
        _meter.CreateObservableGauge("bxb.eventlog.append.queue", blocks, "{block}", "Blocks that wait for a writer.");

    /// <summary>Blocks that were not appended since the start because PostgreSQL was away, too slow or takes no writes.</summary>
    public long UnavailableBlocks => Interlocked.Read(ref _unavailable);

    public void ObserveServer(Func<bool> isWritable) =>
        _meter.CreateObservableGauge("bxb.eventlog.writable", () => isWritable() ? 1 : 0, description: "1 while PostgreSQL answers and takes writes, else 0.");

    public void ObserveSettled(Func<long> lag, Func<long> position, Func<double> heldBack)
    {
        _meter.CreateObservableGauge("bxb.eventlog.settled.held_back", heldBack, "s", "How long an open transaction, in any database of the server, has held the settled position back.");
        _meter.CreateObservableGauge("bxb.eventlog.settled.lag", lag, "{position}", "Positions taken that are not settled yet.");
        _meter.CreateObservableGauge("bxb.eventlog.settled.position", position, "{position}", "The settled position.");
    }
}

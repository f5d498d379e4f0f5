using Bxb.Management.Contracts;

namespace Bxb.Analytics.Queries;

/// <summary>Adds up, over the windows of each series, the values that depend on events of earlier windows. Not thread-safe.</summary>
/// <remarks>
/// A store returns what the events of each window bring: the number of texts that appear for the first time, the latest number, or the change of the level. Events before the query belong to
/// its first window. Every window from the series' first event on has a value, which counts all events so far.
/// </remarks>
internal sealed class UsageCarry(AggregationType type)
{
    private readonly Dictionary<UsageSeries, Dictionary<long, Change>> _series = [];

    /// <summary>Number of series.</summary>
    public int Count => _series.Count;

    /// <summary>Adds what a window brings.</summary>
    /// <param name="series">The series.</param>
    /// <param name="window">Key of the window.</param>
    /// <param name="value">Number of new texts, latest number or sum of numbers; null for none.</param>
    /// <param name="weight">Sum of the numbers, each multiplied by its time in milliseconds since the Unix epoch.</param>
    /// <param name="events">Number of events.</param>
    public void Add(UsageSeries series, long window, Quantity? value, Quantity weight, long events)
    {
        if (!_series.TryGetValue(series, out var changes))
        {
            _series.Add(series, changes = []);
        }

        changes.Add(window, new Change(value, weight, events));
    }

    /// <summary>Calls <paramref name="row"/> with the value of each series and window.</summary>
    /// <param name="windows">Keys and spans of all windows, in order of time.</param>
    /// <param name="row">Takes a row.</param>
    public void Accumulate(
        IReadOnlyList<(long Key, (DateTimeOffset From, DateTimeOffset To) Span)> windows, Action<(DateTimeOffset From, DateTimeOffset To), UsageSeries, Quantity?, long> row)
    {
        foreach (var (series, changes) in _series)
        {
            var (level, events) = ((Quantity?)null, 0L);
            foreach (var (key, span) in windows)
            {
                var change = changes.GetValueOrDefault(key);
                var before = level ?? Quantity.Zero;
                level = type == AggregationType.Latest ? change.Value ?? level : new Quantity(before.Units + (change.Value?.Units ?? 0));
                events += change.Events;
                if (events > 0)
                {
                    row(span, series, type == AggregationType.WeightedSum ? Mean(before, change, span.From.ToUnixTimeMilliseconds(), span.To.ToUnixTimeMilliseconds()) : level, events);
                }
            }
        }
    }

    /// <summary>
    /// Returns the mean of the level over a window: the integral of the level divided by the length. The level that the window begins with counts for its whole length, the number of an event
    /// from the event's time to the window's end. Null if the window has no length.
    /// </summary>
    private static Quantity? Mean(Quantity before, Change change, long from, long to) => from == to
        ? null
        : new Quantity((before.Units * (to - from)) + ((change.Value?.Units ?? 0) * to) - change.Weight.Units).DivideBy(to - from);

    private readonly record struct Change(Quantity? Value, Quantity Weight, long Events);
}

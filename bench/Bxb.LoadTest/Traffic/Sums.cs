namespace Bxb.LoadTest.Traffic;

/// <summary>Events and their bytes by region: what a usage query must answer. Not thread-safe.</summary>
internal sealed class Sums
{
    private readonly long[] _events = new long[EventTemplate.Regions.Count];
    private readonly long[] _bytes = new long[EventTemplate.Regions.Count];

    /// <summary>All events.</summary>
    public long Events => _events.Sum();

    /// <summary>Events and bytes of a region that has any.</summary>
    public IReadOnlyDictionary<string, (long Events, long Bytes)> ByRegion
        => Enumerable.Range(0, _events.Length).Where(i => _events[i] > 0).ToDictionary(i => EventTemplate.Regions[i], i => (_events[i], _bytes[i]), StringComparer.Ordinal);

    /// <summary>Counts one event.</summary>
    public void Add(int region, long bytes)
    {
        _events[region]++;
        _bytes[region] += bytes;
    }

    /// <summary>Counts those of another one.</summary>
    public void Add(Sums other)
    {
        for (var i = 0; i < _events.Length; i++)
        {
            _events[i] += other._events[i];
            _bytes[i] += other._bytes[i];
        }
    }

    /// <summary>Back to nothing.</summary>
    public void Clear()
    {
        Array.Clear(_events);
        Array.Clear(_bytes);
    }
}

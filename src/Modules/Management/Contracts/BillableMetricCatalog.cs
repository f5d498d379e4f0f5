using System.Collections.Concurrent;

namespace Bxb.Management.Contracts;

/// <summary>
/// The billable metrics, for modules that evaluate them. Thread-safe. Answers are cached for <see cref="ManagementOptions.MetricExpiresAfter"/>; writes of this host are visible at once. An
/// organization finds its own metrics only.
/// </summary>
public sealed class BillableMetricCatalog
{
    private readonly ConcurrentDictionary<(int OrganizationId, string Code), Entry> _entries = new();
    private readonly Lock _writing = new();
    private readonly Func<int, string, CancellationToken, Task<BillableMetric?>> _lookup;
    private readonly TimeProvider _time;
    private readonly TimeSpan _expiresAfter;
    private readonly int _maxEntries;
    private long _generation;

    /// <summary>Creates an empty cache.</summary>
    /// <param name="lookup">Reads a metric of an organization by its code.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">Age and number of the cached answers.</param>
    internal BillableMetricCatalog(Func<int, string, CancellationToken, Task<BillableMetric?>> lookup, TimeProvider time, ManagementOptions options)
    {
        _lookup = lookup;
        _time = time;
        _expiresAfter = options.MetricExpiresAfter;
        _maxEntries = options.MaxCachedMetrics;
    }

    /// <summary>An organization's metric of this code; null when there is none.</summary>
    /// <exception cref="Modularity.Errors.ApiException">503 <c>unavailable</c>: the metric is not cached and the database does not answer.</exception>
    public ValueTask<BillableMetric?> FindAsync(int organizationId, string code, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(code);
        return _entries.TryGetValue((organizationId, code), out var entry) && _time.GetElapsedTime(entry.AskedAt) < _expiresAfter
            ? new ValueTask<BillableMetric?>(entry.Metric)
            : AskAsync(organizationId, code, cancellationToken);
    }

    /// <summary>Removes a metric that was just written from the cache. The answer of a query that runs meanwhile is not cached.</summary>
    internal void Forget(int organizationId, string code)
    {
        lock (_writing)
        {
            _generation++;
            _entries.TryRemove((organizationId, code), out _);
        }
    }

    private async ValueTask<BillableMetric?> AskAsync(int organizationId, string code, CancellationToken cancellationToken)
    {
        var generation = Interlocked.Read(ref _generation);
        var askedAt = _time.GetTimestamp();
        var metric = await _lookup(organizationId, code, cancellationToken);
        lock (_writing)
        {
            // Not cached after a write during the query, perhaps of this metric: the answer may be older than the write.
            if (generation == _generation)
            {
                if (_entries.Count >= _maxEntries)
                {
                    _entries.Clear();
                }

                _entries[(organizationId, code)] = new Entry(metric, askedAt);
            }
        }

        return metric;
    }

    private sealed record Entry(BillableMetric? Metric, long AskedAt);
}

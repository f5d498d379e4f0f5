using System.Collections.Concurrent;
using Bxb.Management.Metrics;

namespace Bxb.Management.Contracts;

/// <summary>
/// The billable metrics, for modules that evaluate them; thread-safe. Answers are cached for up to a second (<see cref="ManagementOptions.MetricExpiresAfter"/>);
/// writes of this host are seen at once. An organization finds its own metrics only.
/// </summary>
public sealed class BillableMetricCatalog
{
    private readonly ConcurrentDictionary<(int OrganizationId, string Code), Entry> _entries = new();
    private readonly Lock _writing = new();
    private readonly BillableMetricLookup _lookup;
    private readonly TimeProvider _time;
    private readonly TimeSpan _expiresAfter;
    private readonly int _maxEntries;
    private long _generation;

    internal BillableMetricCatalog(BillableMetricLookup lookup, TimeProvider time, ManagementOptions options)
    {
        _lookup = lookup;
        _time = time;
        _expiresAfter = options.MetricExpiresAfter;
        _maxEntries = options.MaxCachedMetrics;
    }

    /// <summary>The metric of this code; null when the organization has none of it.</summary>
    /// <exception cref="Modularity.Errors.ApiException">503 <c>unavailable</c>: the answer is not remembered and the database does not answer.</exception>
    public ValueTask<BillableMetric?> FindAsync(int organizationId, string code, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(code);
        return _entries.TryGetValue((organizationId, code), out var entry) && _time.GetElapsedTime(entry.AskedAt) < _expiresAfter
            ? new ValueTask<BillableMetric?>(entry.Metric)
            : AskAsync(organizationId, code, cancellationToken);
    }

    /// <summary>Forgets a metric that was just written, also when a query for it is on its way.</summary>
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
        var metric = await _lookup.FindAsync(organizationId, code, cancellationToken);
        lock (_writing)
        {
            // A write during the query, perhaps to this metric: the answer was true when the query ran, but is not cached.
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

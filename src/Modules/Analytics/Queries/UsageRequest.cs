using Bxb.Management.Contracts;
using Bxb.Modularity.Errors;

namespace Bxb.Analytics.Queries;

/// <summary>Which store is to answer.</summary>
internal enum StoreChoice
{
    /// <summary>ClickHouse, or PostgreSQL while ClickHouse does not answer or is behind.</summary>
    Auto,

    /// <summary>ClickHouse and no other.</summary>
    Clickhouse,

    /// <summary>PostgreSQL and no other.</summary>
    Postgresql,
}

/// <summary>What a caller asked for, valid in itself; the metric is still a code.</summary>
/// <param name="MetricCode">The metric.</param>
/// <param name="From">Inclusive, whole milliseconds.</param>
/// <param name="To">Exclusive, whole milliseconds, later than <paramref name="From"/>.</param>
/// <param name="Customers">Only these; empty: all.</param>
/// <param name="GroupKeys">At most 5, each once.</param>
/// <param name="Filters">Each property once.</param>
/// <param name="Window">How usage is cut along event time.</param>
/// <param name="Zone">Whose wall time the windows follow.</param>
/// <param name="MinPosition">The answer covers at least this position; null: whatever the store has.</param>
/// <param name="Timeout">How long a store is waited for to reach it.</param>
/// <param name="Store">Who is to answer.</param>
internal sealed record UsageRequest(
    string MetricCode, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<string> Customers, IReadOnlyList<GroupKey> GroupKeys, IReadOnlyList<PropertyFilter> Filters,
    UsageWindow Window, TimeZoneInfo Zone, long? MinPosition, TimeSpan Timeout, StoreChoice Store)
{
    /// <summary>How long a store is waited for when the caller does not say.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The longest that a caller may have a store waited for.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Joins the request with its metric.</summary>
    /// <exception cref="ApiException">422: the metric names a property in a way that is none.</exception>
    public UsageQuery For(BillableMetric metric)
    {
        var field = metric.AggregationType == AggregationType.Count ? null : Path(metric, metric.FieldName ?? "");
        var filters = metric.Filters.Select(f => new PropertyFilter(Path(metric, f.Key), f.Values)).Concat(Filters);
        return new UsageQuery(metric, field, From, To, Customers, GroupKeys, [.. filters], Window, Zone);
    }

    private static UsageProperty Path(BillableMetric metric, string text) => UsageProperty.TryParse(text, out var property)
        ? property
        : throw new ApiException(ErrorCode.ValidationFailed, $"The metric {metric.Code} names the property '{text}', which is no path.");
}

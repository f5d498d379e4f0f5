using Bxb.Management.Contracts;
using Bxb.Management.Contracts.Expressions;
using Bxb.Modularity.Errors;
using NodaTime;

namespace Bxb.Analytics.Queries;

/// <summary>The store that answers a query.</summary>
internal enum StoreChoice
{
    /// <summary>ClickHouse, or PostgreSQL while ClickHouse does not answer or is behind.</summary>
    Auto,

    Clickhouse,
    Postgresql,
}

/// <summary>A valid usage request, before its metric is looked up.</summary>
/// <param name="MetricCode">The code of the metric.</param>
/// <param name="From">Inclusive, whole milliseconds.</param>
/// <param name="To">Exclusive, whole milliseconds, later than <paramref name="From"/>.</param>
/// <param name="Customers">The customers; empty for all.</param>
/// <param name="GroupKeys">At most 5, without duplicates.</param>
/// <param name="Filters">At most one per property.</param>
/// <param name="Window">The length of a window of event time.</param>
/// <param name="Zone">The time zone of the windows.</param>
/// <param name="FillsWindows">Whether windows without events have rows.</param>
/// <param name="MinPosition">The answer covers at least this position; null for no requirement.</param>
/// <param name="Timeout">Maximum wait for a store to cover the position.</param>
/// <param name="Store">The store that answers.</param>
internal sealed record UsageRequest(
    string MetricCode, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<string> Customers, IReadOnlyList<GroupKey> GroupKeys, IReadOnlyList<PropertyFilter> Filters,
    UsageWindow Window, DateTimeZone Zone, bool FillsWindows, long? MinPosition, TimeSpan Timeout, StoreChoice Store)
{
    /// <summary>The timeout of a request that names none.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Maximum timeout of a request.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Combines the request with its metric.</summary>
    /// <exception cref="ApiException">422: the metric contains an invalid property path or expression.</exception>
    public UsageQuery For(BillableMetric metric)
    {
        var field = metric.AggregationType is AggregationType.Count or AggregationType.Custom ? null : Path(metric, metric.FieldName ?? "");
        var filters = metric.Filters.Select(f => new PropertyFilter(Path(metric, f.Key), f.Values)).Concat(Filters);
        return new UsageQuery(metric, field, metric.AggregationType == AggregationType.Custom ? Parse(metric) : null, From, To, Customers, GroupKeys, [.. filters], Window, Zone, FillsWindows);
    }

    private static Expression Parse(BillableMetric metric) => ExpressionParser.TryParse(metric.Expression ?? "", out var expression, out var fault)
        ? expression
        : throw new ApiException(ErrorCode.ValidationFailed, $"The expression of the metric {metric.Code} {fault}");

    private static UsageProperty Path(BillableMetric metric, string text) => UsageProperty.TryParse(text, out var property)
        ? property
        : throw new ApiException(ErrorCode.ValidationFailed, $"The metric {metric.Code} contains the invalid property path '{text}'.");
}

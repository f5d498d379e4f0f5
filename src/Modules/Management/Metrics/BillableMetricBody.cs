using Bxb.Management.Contracts;
using Bxb.Management.Storage;

namespace Bxb.Management.Metrics;

/// <summary>A billable metric in a request. Members that are absent or null take their defaults.</summary>
internal sealed class BillableMetricBody
{
    /// <summary>Unique within the organization; 1 to 255 characters. On PUT absent or as in the path.</summary>
    public string? Code { get; init; }

    /// <summary>A name for people; 1 to 255 characters. Default: the code.</summary>
    public string? Name { get; init; }

    /// <summary>The code of the events that it counts. Default: its own code.</summary>
    public string? EventCode { get; init; }

    /// <summary>The aggregation.</summary>
    public AggregationType? AggregationType { get; init; }

    /// <summary>The property to aggregate, by dotted path. Required, except for count and custom, which take none.</summary>
    public string? FieldName { get; init; }

    /// <summary>Only events that match all filters are counted.</summary>
    public IReadOnlyList<MetricFilterBody>? Filters { get; init; }

    /// <summary>Properties, by dotted path, that usage is commonly grouped by.</summary>
    public IReadOnlyList<string>? GroupKeys { get; init; }

    /// <summary>The rounding of the quantity. Default: none.</summary>
    public RoundingFunction? RoundingFunction { get; init; }

    /// <summary>Decimal places, -18 to 18. Default 0. Only with a rounding function.</summary>
    public int? RoundingPrecision { get; init; }

    /// <summary>Whether events before a period count in it, too. Only with unique_count, latest and weighted_sum.</summary>
    public bool? Recurring { get; init; }

    /// <summary>A text for people; up to 4,000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>From 0 to 1, up to 18 decimal places. Required by percentile, and only there.</summary>
    public decimal? Percentile { get; init; }

    /// <summary>The number of an event, such as <c>max(0, bytes - 1000) * 0.5</c>; up to 2,000 characters. Required by custom, and only there.</summary>
    public string? Expression { get; init; }

    /// <summary>Overwrites a row. Absent members take their defaults.</summary>
    public void WriteTo(BillableMetricRow row, TimeProvider time)
    {
        row.Name = Name ?? row.Code;
        row.EventCode = EventCode ?? row.Code;
        row.AggregationType = AggregationType!.Value;
        row.FieldName = FieldName;
        row.Filters = [.. (Filters ?? []).Select(f => new MetricFilter(f.Key!, [.. f.Values!]))];
        row.GroupKeys = [.. GroupKeys ?? []];
        row.RoundingFunction = RoundingFunction;
        row.RoundingPrecision = RoundingPrecision;
        row.Recurring = Recurring ?? false;
        row.Description = Description;
        row.Percentile = Percentile;
        row.Expression = Expression;
        row.UpdatedAt = time.GetUtcNow();
    }
}

/// <summary>A filter in a request.</summary>
internal sealed class MetricFilterBody
{
    /// <summary>A property, by dotted path.</summary>
    public string? Key { get; init; }

    /// <summary>1 to 200 different texts.</summary>
    public IReadOnlyList<string>? Values { get; init; }
}

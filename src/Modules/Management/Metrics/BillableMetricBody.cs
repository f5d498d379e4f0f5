using Bxb.Management.Contracts;
using Bxb.Management.Storage;

namespace Bxb.Management.Metrics;

/// <summary>A billable metric as it is sent. Members that are absent or null take their defaults.</summary>
internal sealed class BillableMetricBody
{
    /// <summary>Unique within the organization, 1 to 255 characters; on PUT absent or as in the path.</summary>
    public string? Code { get; init; }

    /// <summary>For people, 1 to 255 characters; the code if absent.</summary>
    public string? Name { get; init; }

    /// <summary>The code of the events it counts; its own code if absent.</summary>
    public string? EventCode { get; init; }

    /// <summary>How events become one quantity.</summary>
    public AggregationType? AggregationType { get; init; }

    /// <summary>The property that is aggregated, by dotted path; needed by every aggregation but count, which takes none.</summary>
    public string? FieldName { get; init; }

    /// <summary>Only events for which all of these hold are counted.</summary>
    public IReadOnlyList<MetricFilterBody>? Filters { get; init; }

    /// <summary>Properties, by dotted path, that usage is commonly grouped by.</summary>
    public IReadOnlyList<string>? GroupKeys { get; init; }

    /// <summary>How the quantity is rounded at the end; not at all if absent.</summary>
    public RoundingFunction? RoundingFunction { get; init; }

    /// <summary>Digits behind the point, -18 to 18; 0 if absent. Only with a rounding function.</summary>
    public int? RoundingPrecision { get; init; }

    /// <summary>Whether the quantity outlives the billing period.</summary>
    public bool? Recurring { get; init; }

    /// <summary>For people, up to 4,000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>Writes this body over a row, as a whole: what is absent takes its default.</summary>
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
        row.UpdatedAt = time.GetUtcNow();
    }
}

/// <summary>A filter as it is sent.</summary>
internal sealed class MetricFilterBody
{
    /// <summary>A property, by dotted path.</summary>
    public string? Key { get; init; }

    /// <summary>1 to 200 different texts.</summary>
    public IReadOnlyList<string>? Values { get; init; }
}

/// <summary>A billable metric as the API answers it.</summary>
/// <param name="Code">Unique within the organization.</param>
/// <param name="Name">For people.</param>
/// <param name="EventCode">The code of the events it counts.</param>
/// <param name="AggregationType">How events become one quantity.</param>
/// <param name="FieldName">The property that is aggregated; absent for count.</param>
/// <param name="Filters">Only events for which all of these hold are counted.</param>
/// <param name="GroupKeys">Properties that usage is commonly grouped by.</param>
/// <param name="RoundingFunction">How the quantity is rounded at the end; not at all if absent.</param>
/// <param name="RoundingPrecision">Digits behind the point; 0 if absent.</param>
/// <param name="Recurring">Whether the quantity outlives the billing period.</param>
/// <param name="Description">For people.</param>
internal sealed record BillableMetricAnswer(
    string Code, string Name, string EventCode, AggregationType AggregationType, string? FieldName, IReadOnlyList<MetricFilter> Filters, IReadOnlyList<string> GroupKeys,
    RoundingFunction? RoundingFunction, int? RoundingPrecision, bool Recurring, string? Description)
{
    public static BillableMetricAnswer Of(BillableMetricRow row) => new(
        row.Code, row.Name, row.EventCode, row.AggregationType, row.FieldName, row.Filters, row.GroupKeys, row.RoundingFunction, row.RoundingPrecision, row.Recurring, row.Description);
}

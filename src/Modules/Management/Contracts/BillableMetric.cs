namespace Bxb.Management.Contracts;

/// <summary>How the events of a metric become one quantity.</summary>
public enum AggregationType
{
    /// <summary>The number of events.</summary>
    Count,

    /// <summary>The sum of a property's numbers.</summary>
    Sum,

    /// <summary>The greatest number of a property.</summary>
    Max,

    /// <summary>The number of different texts of a property.</summary>
    UniqueCount,

    /// <summary>The number of the latest event.</summary>
    Latest,

    /// <summary>The least number of a property.</summary>
    Min,

    /// <summary>The mean of a property's numbers.</summary>
    Avg,

    /// <summary>The time-weighted mean of a level. Each event adds its number to the level at its timestamp.</summary>
    WeightedSum,

    /// <summary>A percentile of a property's numbers, with linear interpolation between the two nearest ranks.</summary>
    Percentile,

    /// <summary>The sum of an expression over the events.</summary>
    Custom,
}

/// <summary>How a quantity is rounded, once, at the end.</summary>
public enum RoundingFunction
{
    /// <summary>To the nearest, half away from zero.</summary>
    Round,

    /// <summary>Up, towards positive infinity.</summary>
    Ceil,

    /// <summary>Down, towards negative infinity.</summary>
    Floor,
}

/// <summary>Only events whose property has one of the values count.</summary>
/// <param name="Key">A property, by dotted path; a dot inside a name is <c>\.</c>.</param>
/// <param name="Values">Texts, at least one.</param>
public sealed record MetricFilter(string Key, IReadOnlyList<string> Values);

/// <summary>A named aggregation over the events of one code.</summary>
/// <param name="OrganizationId">The organization that owns it.</param>
/// <param name="Code">Unique within the organization.</param>
/// <param name="Name">For people.</param>
/// <param name="EventCode">The code of the events it counts.</param>
/// <param name="AggregationType">How they become one quantity.</param>
/// <param name="FieldName">The property that is aggregated, by dotted path; null for <see cref="AggregationType.Count"/>.</param>
/// <param name="Filters">All of them must hold.</param>
/// <param name="GroupKeys">Properties that usage is commonly grouped by.</param>
/// <param name="RoundingFunction">Null: no rounding but to 18 digits.</param>
/// <param name="RoundingPrecision">Digits behind the point, -18 to 18; null: 0.</param>
/// <param name="Recurring">Whether events before a period count in it, too. Only for <see cref="AggregationType.UniqueCount"/>, <see cref="AggregationType.Latest"/> and <see cref="AggregationType.WeightedSum"/>.</param>
/// <param name="Description">For people.</param>
/// <param name="Percentile">From 0 to 1, at most 18 fractional digits; null but for <see cref="AggregationType.Percentile"/>.</param>
/// <param name="Expression">The expression that is summed, see <see cref="Expressions.ExpressionParser"/>; null but for <see cref="AggregationType.Custom"/>.</param>
public sealed record BillableMetric(
    int OrganizationId, string Code, string Name, string EventCode, AggregationType AggregationType, string? FieldName, IReadOnlyList<MetricFilter> Filters,
    IReadOnlyList<string> GroupKeys, RoundingFunction? RoundingFunction, int? RoundingPrecision, bool Recurring, string? Description, decimal? Percentile = null, string? Expression = null);

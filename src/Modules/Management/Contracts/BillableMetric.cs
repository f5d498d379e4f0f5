using System.Text.Json.Serialization;
using Bxb.Management.Contracts.Expressions;

namespace Bxb.Management.Contracts;

/// <summary>The aggregation of a metric.</summary>
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

    /// <summary>The number in the latest event.</summary>
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

/// <summary>The rounding of a quantity, applied once, to the result.</summary>
public enum RoundingFunction
{
    /// <summary>To the nearest, half away from zero.</summary>
    Round,

    /// <summary>Up, towards positive infinity.</summary>
    Ceil,

    /// <summary>Down, towards negative infinity.</summary>
    Floor,
}

/// <summary>Matches events whose property has one of the values.</summary>
/// <param name="Key">A property, by dotted path; a dot inside a name is <c>\.</c>.</param>
/// <param name="Values">Texts, at least one.</param>
public sealed record MetricFilter(string Key, IReadOnlyList<string> Values);

/// <summary>A named aggregation over the events of one code, as the API answers it.</summary>
/// <param name="OrganizationId">The organization that owns it. Not part of answers.</param>
/// <param name="Code">Unique within the organization.</param>
/// <param name="Name">A name for people.</param>
/// <param name="EventCode">The code of the events that it counts.</param>
/// <param name="AggregationType">The aggregation.</param>
/// <param name="FieldName">The property that is aggregated, by dotted path; absent for count and custom.</param>
/// <param name="Filters">Only events that match all filters are counted.</param>
/// <param name="GroupKeys">Properties, by dotted path, that usage is commonly grouped by.</param>
/// <param name="RoundingFunction">The rounding of the quantity; absent: to 18 digits only.</param>
/// <param name="RoundingPrecision">Decimal places, -18 to 18; absent: 0.</param>
/// <param name="Recurring">Whether events before a period count in it, too. Only for unique_count, latest and weighted_sum.</param>
/// <param name="Description">A text for people.</param>
/// <param name="Percentile">0 to 1, at most 18 decimal places; only for percentile.</param>
/// <param name="Expression">The expression that is summed, see <see cref="ExpressionParser"/>; only for custom.</param>
public sealed record BillableMetric(
    [property: JsonIgnore] int OrganizationId, string Code, string Name, string EventCode, AggregationType AggregationType, string? FieldName, IReadOnlyList<MetricFilter> Filters,
    IReadOnlyList<string> GroupKeys, RoundingFunction? RoundingFunction, int? RoundingPrecision, bool Recurring, string? Description, decimal? Percentile = null, string? Expression = null)
{
    /// <summary>Whether events before a period can count in it, so that a metric of this type can be recurring.</summary>
    public static bool CanRecur(AggregationType type) => type is AggregationType.UniqueCount or AggregationType.Latest or AggregationType.WeightedSum;
}

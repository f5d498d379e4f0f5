using Bxb.Management.Contracts;

namespace Bxb.Management.Storage;

internal sealed class OrganizationRow
{
    public int Id { get; init; }

    public required string Name { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>An API key. Only <see cref="Hash"/>, its SHA-256, is stored.</summary>
internal sealed class ApiKeyRow
{
    public long Id { get; init; }

    public int OrganizationId { get; init; }

    public string? Name { get; init; }

    public required byte[] Hash { get; init; }

    public int Scopes { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RevokedAt { get; set; }
}

internal sealed class BillableMetricRow
{
    public int OrganizationId { get; init; }

    public required string Code { get; init; }

    public required string Name { get; set; }

    public required string EventCode { get; set; }

    public AggregationType AggregationType { get; set; }

    public string? FieldName { get; set; }

    public required List<MetricFilter> Filters { get; set; }

    public required List<string> GroupKeys { get; set; }

    public RoundingFunction? RoundingFunction { get; set; }

    public int? RoundingPrecision { get; set; }

    public bool Recurring { get; set; }

    public string? Description { get; set; }

    public decimal? Percentile { get; set; }

    public string? Expression { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; set; }

    public BillableMetric ToContract() => new(
        OrganizationId, Code, Name, EventCode, AggregationType, FieldName, Filters, GroupKeys, RoundingFunction, RoundingPrecision, Recurring, Description, Percentile, Expression);
}

using System.Text;
using Bxb.Analytics.Http;
using Bxb.Analytics.Queries;
using Bxb.Management.Contracts;
using Microsoft.AspNetCore.Http;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>An event of a case. Without an id it gets one of its own.</summary>
internal sealed record CaseEvent(string Customer, string At, string Properties = "{}", string? Id = null, string Code = UsageCase.Code);

/// <summary>Events, a metric, a query string, and the rows that both stores must return, each as one line.</summary>
internal sealed record UsageCase(string Name, BillableMetric Metric, string Query, CaseEvent[] Events, string[] Rows, long Skipped = 0)
{
    public const string Code = "calls";

    /// <summary>The range of most cases.</summary>
    public const string January = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z";

    public static BillableMetric Count(params MetricFilter[] filters) => Of(AggregationType.Count, null, filters);

    public static BillableMetric Sum(string field, params MetricFilter[] filters) => Of(AggregationType.Sum, field, filters);

    public static BillableMetric Max(string field) => Of(AggregationType.Max, field);

    public static BillableMetric Unique(string field) => Of(AggregationType.UniqueCount, field);

    public static BillableMetric Latest(string field) => Of(AggregationType.Latest, field);

    public static BillableMetric Of(AggregationType type, string? field, params MetricFilter[] filters) =>
        new(1, "m", "M", Code, type, field, filters, [], null, null, false, null);

    public static BillableMetric Min(string field) => Of(AggregationType.Min, field);

    public static BillableMetric Avg(string field) => Of(AggregationType.Avg, field);

    public static BillableMetric Weighted(string field) => Of(AggregationType.WeightedSum, field);

    public static BillableMetric Percentile(string field, decimal percentile) => Of(AggregationType.Percentile, field) with { Percentile = percentile };

    public static BillableMetric Custom(string expression) => Of(AggregationType.Custom, null) with { Expression = expression };

    public static BillableMetric Recurring(BillableMetric metric) => metric with { Recurring = true };

    /// <summary>The query as the API reads it.</summary>
    public UsageQuery ToQuery(int organizationId) => Parse("metric=m&" + Query).For(Metric with { OrganizationId = organizationId });

    public static UsageRequest Parse(string query) => UsageQueryString.Read(new DefaultHttpContext { Request = { QueryString = new QueryString("?" + query) } });

    /// <summary>Returns a row as one line: window unless total, customer, groups, value, events.</summary>
    public static string Line(UsageQuery query, UsageRow row)
    {
        var line = new StringBuilder();
        if (query.Window != UsageWindow.Total)
        {
            line.Append(Modularity.Json.ApiTime.Format(row.From)).Append('>').Append(Modularity.Json.ApiTime.Format(row.To)).Append(' ');
        }

        line.Append(row.Customer is null ? "" : row.Customer + " ");
        line.Append(row.Groups.Count == 0 ? "" : "[" + string.Join('|', row.Groups.Select(g => g ?? "∅")) + "] ");
        return line.Append(row.Value?.ToString() ?? "null").Append(" x").Append(row.Events).ToString();
    }

    public override string ToString() => Name;
}

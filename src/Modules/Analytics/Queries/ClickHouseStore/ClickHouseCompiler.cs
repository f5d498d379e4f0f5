using System.Globalization;
using System.Text;
using Bxb.Analytics.Queries.Windows;
using Bxb.ClickHouse;
using Bxb.Management.Contracts;

namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>
/// Compiles a usage query for ClickHouse. The columns of the result are, in order: <c>w</c> Int64, the start of the window; <c>c</c> String, the customer; a <c>Nullable(String)</c> for each
/// property key; <c>v</c> Nullable(String), the value; <c>x</c> Nullable(String), its weight; <c>e</c> and <c>s</c> UInt64, the numbers of counted and of skipped events.
/// </summary>
internal static class ClickHouseCompiler
{
    private const string None = "CAST(NULL AS Nullable(String))";

    /// <summary>The time of an event, or the start of the query for earlier events, which belong to its first window.</summary>
    private const string Clipped = "greatest(timestamp, {from:DateTime64(3,'UTC')})";

    /// <summary>The numbers in order, and the rank p * (count - 1), counted from 0, with the whole rank below it.</summary>
    private const string Ranks = """
        WITH arraySort(groupArray(n)) AS p_sorted, toDecimal256({percentile:String}, 18) * (greatest(length(p_sorted), 1) - 1) AS p_rank, toUInt64(p_rank) AS p_low, p_sorted[p_low + 1] AS p_from

        """;

    /// <summary>The number at the rank, with linear interpolation between the two nearest whole ranks. Exact: the result has up to 36 fractional digits.</summary>
    private const string Percentile = "if(empty(p_sorted), NULL, toString(p_from + (p_sorted[least(p_low + 2, length(p_sorted))] - p_from) * (p_rank - p_low)))";

    /// <summary>Returns the statement over the rows of events.</summary>
    /// <param name="query">The query.</param>
    /// <param name="windows">Its windows.</param>
    /// <param name="maxRows">Maximum number of rows. The statement returns one more, so that an excess is detected.</param>
    public static ClickHouseStatement Compile(UsageQuery query, WindowPlan windows, int maxRows)
    {
        var keys = query.PropertyKeys.ToArray();
        var bind = new List<Action<ClickHouseStatement>>();
        var inner = new StringBuilder("SELECT ").Append(Window(windows, query.Metric.Recurring ? Clipped : "timestamp", bind)).Append(" AS w,\n    ")
            .Append(query.ByCustomer ? "external_customer_id" : "''").Append(" AS c");
        for (var i = 0; i < keys.Length; i++)
        {
            inner.Append(",\n    ").Append(ClickHouseProperty.Text(keys[i].Path!)).Append(" AS g").Append(i);
        }

        var type = query.Metric.AggregationType;
        if (query.Field is { } field)
        {
            inner.Append(",\n    ").Append(ClickHouseProperty.Text(field)).Append(" AS t");
        }

        if (type is not (AggregationType.Count or AggregationType.UniqueCount))
        {
            inner.Append(",\n    timestamp, position,\n    ").Append(query.Expression is { } expression ? ClickHouseExpression.Columns(expression, "n") : ClickHouseNumber.Columns("t", "n"));
        }

        if (type == AggregationType.Percentile)
        {
            bind.Add(s => s.With("percentile", query.Metric.Percentile!.Value.ToString(CultureInfo.InvariantCulture)));
        }

        inner.Append("\n  FROM usage\n  WHERE ").Append(Conditions(query, bind));
        var groups = "w, c" + string.Concat(Enumerable.Range(0, keys.Length).Select(i => $", g{i}"));
        var source = type == AggregationType.UniqueCount && query.Carries ? FirstTexts(groups, inner) : inner.ToString();
        var (value, weight) = Aggregates(query);
        var counts = type switch
        {
            AggregationType.UniqueCount when query.Carries => "sum(n) AS e, toUInt64(0) AS s",
            AggregationType.Count or AggregationType.UniqueCount => "count() AS e, toUInt64(0) AS s",
            _ => "count(n) AS e, count() - count(n) AS s",
        };
        var statement = new ClickHouseStatement(
            $"{(type == AggregationType.Percentile ? Ranks : "")}SELECT {groups}, {value} AS v, {weight} AS x, {counts}\nFROM (\n  {source}\n)\nGROUP BY {groups}\nLIMIT {{limit:UInt64}}")
            .With("limit", maxRows + 1L);
        if (query.Expression is not null)
        {
            // Only here, so that no other query depends on a setting that an older server may not know.
            statement.Set("least_greatest_legacy_null_behavior", 1);
        }

        bind.ForEach(b => b(statement));
        return statement;
    }

    /// <summary>Returns the statement that counts the events of each text and window, with the window in which the text appears first.</summary>
    private static string FirstTexts(string groups, StringBuilder inner) =>
        $"SELECT {groups}, t, count() AS n, min(w) OVER (PARTITION BY {groups.Replace("w, ", "", StringComparison.Ordinal)}, t) AS first\n  FROM (\n  {inner}\n  )\n  GROUP BY {groups}, t";

    /// <summary>Returns the expressions of the value and of its weight.</summary>
    private static (string Value, string Weight) Aggregates(UsageQuery query) => query.Metric.AggregationType switch
    {
        AggregationType.Count => (Text("count()"), None),
        AggregationType.UniqueCount => (Text(query.Carries ? "countIf(isNotNull(t) AND first = w)" : "uniqExact(t)"), None),
        AggregationType.Sum or AggregationType.Avg or AggregationType.Custom => (Text("sum(n)"), None),
        AggregationType.Min => (Text("min(n)"), None),
        AggregationType.Max => (Text("max(n)"), None),
        AggregationType.Latest => (Text("argMaxIf(n, (timestamp, position), isNotNull(n))"), None),
        AggregationType.WeightedSum => (Text("sum(n)"), Text($"sum(n * toUnixTimestamp64Milli({(query.Metric.Recurring ? Clipped : "timestamp")}))")),
        AggregationType.Percentile => (Percentile, None),
        var other => throw new ArgumentOutOfRangeException(nameof(query), other, "Unknown aggregation."),
    };

    private static string Text(string expression) => $"toNullable(toString({expression}))";

    private static string Conditions(UsageQuery query, List<Action<ClickHouseStatement>> bind)
    {
        bind.Add(s => s.With("organization", query.Metric.OrganizationId).With("code", query.Metric.EventCode)
            .With("from", DateTimeOffset.FromUnixTimeMilliseconds(query.FromMilliseconds)).With("to", DateTimeOffset.FromUnixTimeMilliseconds(query.ToMilliseconds)));
        var sql = new StringBuilder("organization_id = {organization:UInt32} AND code = {code:String}")
            .Append(query.Metric.Recurring ? "" : " AND timestamp >= {from:DateTime64(3,'UTC')}").Append(" AND timestamp < {to:DateTime64(3,'UTC')}");
        if (query.Customers.Count > 0)
        {
            sql.Append(" AND external_customer_id IN {customers:Array(String)}");
            bind.Add(s => s.With("customers", query.Customers));
        }

        for (var i = 0; i < query.Filters.Count; i++)
        {
            var (name, filter) = ($"filter{i}", query.Filters[i]);
            sql.Append("\n    AND ").Append(ClickHouseProperty.Text(filter.Path)).Append(" IN {").Append(name).Append(":Array(String)}");
            bind.Add(s => s.With(name, filter.Values));
        }

        return sql.ToString();
    }

    private static string Window(WindowPlan windows, string time, List<Action<ClickHouseStatement>> bind)
    {
        switch (windows)
        {
            case WindowEdges { Edges: var edges }:
                bind.Add(s => s.With("edges", edges));
                return $"roundDown(toUnixTimestamp64Milli({time}), {{edges:Array(Int64)}})";
            case WindowSteps { Spans: [var only], Step: var step }:
                bind.Add(s => s.With("step", step).With("lift", only.Offset + WindowSteps.Lift));
                return $"intDiv(toUnixTimestamp64Milli({time}) + {{lift:Int64}}, {{step:Int64}}) * {{step:Int64}} - {{lift:Int64}}";
            case WindowSteps steps:
                bind.Add(s => s.With("step", steps.Step).With("spans", steps.Spans.Select(x => x.Start).ToArray())
                    .With("lifts", steps.Spans.Select(x => x.Offset + WindowSteps.Lift).ToArray()));
                return $"roundDown(toUnixTimestamp64Milli({time}), {{spans:Array(Int64)}}) AS w_span,\n    transform(w_span, {{spans:Array(Int64)}}, {{lifts:Array(Int64)}}) AS w_lift,\n"
                    + $"    greatest(w_span, intDiv(toUnixTimestamp64Milli({time}) + w_lift, {{step:Int64}}) * {{step:Int64}} - w_lift)";
            default:
                return "toInt64(0)";
        }
    }
}

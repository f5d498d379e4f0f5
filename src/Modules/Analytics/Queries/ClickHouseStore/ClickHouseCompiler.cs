using System.Text;
using Bxb.Analytics.Queries.Windows;
using Bxb.ClickHouse;
using Bxb.Management.Contracts;

namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>
/// Compiles a usage query for ClickHouse. The columns of the result are, in order: <c>w</c> Int64, the start of the window; <c>c</c> String, the customer; a <c>Nullable(String)</c> for each
/// property key; <c>v</c> Nullable(String), the value; <c>e</c> and <c>s</c> UInt64, the numbers of counted and of skipped events.
/// </summary>
internal static class ClickHouseCompiler
{
    /// <summary>Returns the statement over the rows of events.</summary>
    /// <param name="query">The query.</param>
    /// <param name="windows">Its windows.</param>
    /// <param name="maxRows">Maximum number of rows. The statement returns one more, so that an excess is detected.</param>
    public static ClickHouseStatement Compile(UsageQuery query, WindowPlan windows, int maxRows)
    {
        var keys = query.PropertyKeys.ToArray();
        var bind = new List<Action<ClickHouseStatement>>();
        var inner = new StringBuilder("SELECT ").Append(Window(windows, bind)).Append(" AS w,\n    ").Append(query.ByCustomer ? "external_customer_id" : "''").Append(" AS c");
        for (var i = 0; i < keys.Length; i++)
        {
            inner.Append(",\n    ").Append(ClickHouseProperty.Text(keys[i].Path!)).Append(" AS g").Append(i);
        }

        if (query.Field is { } field)
        {
            inner.Append(",\n    ").Append(ClickHouseProperty.Text(field)).Append(" AS t");
        }

        if (query.Metric.AggregationType is AggregationType.Sum or AggregationType.Max or AggregationType.Latest)
        {
            inner.Append(",\n    timestamp, position,\n    ").Append(ClickHouseNumber.Columns);
        }

        inner.Append("\n  FROM usage\n  WHERE ").Append(Conditions(query, bind));
        var groups = string.Concat(Enumerable.Range(0, keys.Length).Select(i => $", g{i}"));
        var (value, events, skipped) = Aggregates(query.Metric.AggregationType);
        var sql = $"SELECT w, c{groups}, {value} AS v, {events} AS e, {skipped} AS s\nFROM (\n  {inner}\n)\nGROUP BY w, c{groups}\nLIMIT {{limit:UInt64}}";
        var statement = new ClickHouseStatement(sql).With("limit", maxRows + 1L);
        bind.ForEach(b => b(statement));
        return statement;
    }

    private static (string Value, string Events, string Skipped) Aggregates(AggregationType type) => type switch
    {
        AggregationType.Count => ("toNullable(toString(count()))", "count()", "toUInt64(0)"),
        AggregationType.UniqueCount => ("toNullable(toString(uniqExact(t)))", "count()", "toUInt64(0)"),
        AggregationType.Sum => ("toNullable(toString(sum(n)))", "count(n)", "count() - count(n)"),
        AggregationType.Max => ("toNullable(toString(max(n)))", "count(n)", "count() - count(n)"),
        AggregationType.Latest => ("toNullable(toString(argMaxIf(n, (timestamp, position), isNotNull(n))))", "count(n)", "count() - count(n)"),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown aggregation."),
    };

    private static string Conditions(UsageQuery query, List<Action<ClickHouseStatement>> bind)
    {
        bind.Add(s => s.With("organization", query.Metric.OrganizationId).With("code", query.Metric.EventCode)
            .With("from", DateTimeOffset.FromUnixTimeMilliseconds(query.FromMilliseconds)).With("to", DateTimeOffset.FromUnixTimeMilliseconds(query.ToMilliseconds)));
        var sql = new StringBuilder("organization_id = {organization:UInt32} AND code = {code:String}"
            + " AND timestamp >= {from:DateTime64(3,'UTC')} AND timestamp < {to:DateTime64(3,'UTC')}");
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

    private static string Window(WindowPlan windows, List<Action<ClickHouseStatement>> bind)
    {
        switch (windows)
        {
            case WindowEdges { Edges: var edges }:
                bind.Add(s => s.With("edges", edges));
                return "roundDown(toUnixTimestamp64Milli(timestamp), {edges:Array(Int64)})";
            case WindowSteps { Spans: [var only], Step: var step }:
                bind.Add(s => s.With("step", step).With("lift", only.Offset + WindowSteps.Lift));
                return "intDiv(toUnixTimestamp64Milli(timestamp) + {lift:Int64}, {step:Int64}) * {step:Int64} - {lift:Int64}";
            case WindowSteps steps:
                bind.Add(s => s.With("step", steps.Step).With("spans", steps.Spans.Select(x => x.Start).ToArray())
                    .With("lifts", steps.Spans.Select(x => x.Offset + WindowSteps.Lift).ToArray()));
                return "roundDown(toUnixTimestamp64Milli(timestamp), {spans:Array(Int64)}) AS w_span,\n    transform(w_span, {spans:Array(Int64)}, {lifts:Array(Int64)}) AS w_lift,\n"
                    + "    greatest(w_span, intDiv(toUnixTimestamp64Milli(timestamp) + w_lift, {step:Int64}) * {step:Int64} - w_lift)";
            default:
                return "toInt64(0)";
        }
    }
}

using System.Text;
using Bxb.Analytics.Queries.Windows;
using Bxb.Management.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Analytics.Queries.PostgresStore;

/// <summary>
/// Compiles a usage query for PostgreSQL. The columns of the result are, in order: <c>w</c> bigint, the start of the window; <c>c</c> text, the customer; a text for each property key;
/// <c>v</c> text, the value; <c>x</c> text, its weight; <c>e</c> and <c>s</c> bigint, the numbers of counted and of skipped events.
/// </summary>
internal static class PostgresCompiler
{
    /// <summary>Returns the command, without a connection.</summary>
    /// <param name="query">The query.</param>
    /// <param name="windows">Its windows.</param>
    /// <param name="asOfPosition">Later positions are not counted.</param>
    /// <param name="maxRows">Maximum number of rows. The command returns one more, so that an excess is detected.</param>
    public static NpgsqlCommand Compile(UsageQuery query, WindowPlan windows, long asOfPosition, int maxRows)
    {
        var command = new NpgsqlCommand();
        var keys = query.PropertyKeys.ToArray();
        var (window, start) = Window(windows, Time(query, command), command);
        var inner = new StringBuilder("select ").Append(window).Append(" as w, ").Append(query.ByCustomer ? "external_customer_id collate \"C\"" : "null::text").Append(" as c");
        for (var i = 0; i < keys.Length; i++)
        {
            inner.Append(",\n    ").Append(Text(keys[i].Path!, command)).Append(" collate \"C\" as g").Append(i);
        }

        var type = query.Metric.AggregationType;
        inner.Append(type switch
        {
            AggregationType.Count => "",
            AggregationType.UniqueCount => ",\n    " + Text(query.Field!, command) + " collate \"C\" as t",
            AggregationType.Latest => ",\n    timestamp, position, " + Number(query.Field!, command) + " as n",
            AggregationType.WeightedSum => ",\n    (extract(epoch from " + Time(query, command) + ") * 1000)::bigint as ms, " + Number(query.Field!, command) + " as n",
            AggregationType.Custom => ",\n    " + PostgresExpression.Sql(query.Expression!, p => Number(new UsageProperty(p.Path), command)) + " as n",
            _ => ",\n    " + Number(query.Field!, command) + " as n",
        });
        inner.Append("\n  from event_log.events\n  where ").Append(Conditions(query, asOfPosition, command));

        // "offset 0" keeps the planner from evaluating every expression once per aggregate.
        var from = $"from (\n  {inner}\n  offset 0\n) picked";
        var groups = "w, c" + string.Concat(Enumerable.Range(0, keys.Length).Select(i => $", g{i}"));
        var limit = Add(command, NpgsqlDbType.Bigint, maxRows + 1L);
        const string Numbers = "count(n) as e, count(*) - count(n) as s";
        var rows = type switch
        {
            AggregationType.Count => $"select {groups}, count(*)::text as v, null::text as x, count(*) as e, 0::bigint as s {from} group by {groups}",
            AggregationType.UniqueCount when query.Carries => $"""
                select {groups}, count(t) filter (where first = w)::text as v, null::text as x, sum(n)::bigint as e, 0::bigint as s from (
                    select {groups}, t, count(*) as n, min(w) over (partition by {groups.Replace("w, ", "", StringComparison.Ordinal)}, t) as first {from} group by {groups}, t) texts
                group by {groups}
                """,
            AggregationType.UniqueCount => $"select {groups}, count(distinct t)::text as v, null::text as x, count(*) as e, 0::bigint as s {from} group by {groups}",
            AggregationType.Sum or AggregationType.Avg or AggregationType.Custom => $"select {groups}, sum(n)::text as v, null::text as x, {Numbers} {from} group by {groups}",
            AggregationType.WeightedSum => $"select {groups}, sum(n)::text as v, sum(n * ms)::text as x, {Numbers} {from} group by {groups}",
            AggregationType.Min => $"select {groups}, min(n)::text as v, null::text as x, {Numbers} {from} group by {groups}",
            AggregationType.Max => $"select {groups}, max(n)::text as v, null::text as x, {Numbers} {from} group by {groups}",
            AggregationType.Latest => $"""
                select distinct on ({groups}) {groups}, n::text as v, null::text as x, count(n) over same as e, count(*) over same - count(n) over same as s {from}
                window same as (partition by {groups}) order by {groups}, n is null, timestamp desc, position desc
                """,
            AggregationType.Percentile => $"""
                select {groups}, (sorted[low + 1] + (sorted[least(low + 2, e)] - sorted[low + 1]) * (rank - low))::text as v, null::text as x, e, s from (
                    select ranked.*, floor(rank)::int as low from (
                        select {groups}, array_agg(n order by n) filter (where n is not null) as sorted,
                            {Add(command, NpgsqlDbType.Numeric, query.Metric.Percentile!)} * (count(n) - 1) as rank, {Numbers}
                        {from} group by {groups}) ranked) placed
                """,
            var other => throw new ArgumentOutOfRangeException(nameof(query), other, "Unknown aggregation."),
        };
        command.CommandText = $"select {groups.Replace("w,", start + ",", StringComparison.Ordinal)}, v, x, e, s from (\n{rows}\nlimit {limit}\n) answered";
        return command;
    }

    /// <summary>Returns the time of an event, or the start of the query for earlier events, which belong to its first window.</summary>
    private static string Time(UsageQuery query, NpgsqlCommand command) =>
        query.Metric.Recurring ? $"greatest(timestamp, {Add(command, NpgsqlDbType.TimestampTz, Instant(query.FromMilliseconds))})" : "timestamp";

    /// <summary>Returns an expression for the JSON value of a property. Every step is a member of an object, never an element of an array, even if the name is a number.</summary>
    private static string Json(UsageProperty path, NpgsqlCommand command) =>
        "(properties" + string.Concat(path.Names.Select(name => " -> " + Add(command, NpgsqlDbType.Text, name))) + ")";

    private static string Text(UsageProperty path, NpgsqlCommand command)
    {
        var json = Json(path, command);
        return $"case when jsonb_typeof({json}) <> 'object' then {json} #>> '{{}}' end";
    }

    private static string Number(UsageProperty path, NpgsqlCommand command)
    {
        var json = Json(path, command);
        return $"""
            case jsonb_typeof({json})
                  when 'number' then case when abs({json}::numeric) < 1e20 then trunc({json}::numeric, 18) end
                  when 'string' then analytics.number_of({json} #>> '{"{}"}')
                end
            """;
    }

    /// <summary>Returns the conditions. An entry of kind 3 voids another event and is not counted; it is not loaded into ClickHouse either.</summary>
    private static string Conditions(UsageQuery query, long asOfPosition, NpgsqlCommand command)
    {
        var sql = new StringBuilder("kind <> 3 and organization_id = ").Append(Add(command, NpgsqlDbType.Integer, query.Metric.OrganizationId))
            .Append(" and code = ").Append(Add(command, NpgsqlDbType.Text, query.Metric.EventCode))
            .Append(query.Metric.Recurring ? "" : " and timestamp >= " + Add(command, NpgsqlDbType.TimestampTz, Instant(query.FromMilliseconds)))
            .Append(" and timestamp < ").Append(Add(command, NpgsqlDbType.TimestampTz, Instant(query.ToMilliseconds)))
            .Append(" and position <= ").Append(Add(command, NpgsqlDbType.Bigint, asOfPosition));
        if (query.Customers.Count > 0)
        {
            sql.Append(" and external_customer_id = any(").Append(Add(command, NpgsqlDbType.Array | NpgsqlDbType.Text, query.Customers.ToArray())).Append(')');
        }

        foreach (var filter in query.Filters)
        {
            sql.Append("\n    and (").Append(Text(filter.Path, command)).Append(") collate \"C\" = any(")
                .Append(Add(command, NpgsqlDbType.Array | NpgsqlDbType.Text, filter.Values.ToArray())).Append(')');
        }

        return sql.ToString();
    }

    /// <summary>Returns a cheap expression for the window of an event, and one that converts it to the start of the window, once per row.</summary>
    private static (string Window, string Start) Window(WindowPlan windows, string time, NpgsqlCommand command)
    {
        const string Milliseconds = "(extract(epoch from w) * 1000)::bigint";
        switch (windows)
        {
            case WindowEdges { Edges: var edges }:
                var instants = Add(command, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, Instants(edges));
                return ($"width_bucket({time}, {instants})", $"({Add(command, NpgsqlDbType.Array | NpgsqlDbType.Bigint, edges)})[w]");
            case WindowSteps { Spans: [var only], Step: var step }:
                return ($"date_bin({Step(step)}, {time}, {Add(command, NpgsqlDbType.TimestampTz, Instant(-only.Offset - WindowSteps.Lift))})", Milliseconds);
            case WindowSteps steps:
                var starts = Add(command, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, Instants(steps.Spans.Select(s => s.Start)));
                var origins = Add(command, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, Instants(steps.Spans.Select(s => -s.Offset - WindowSteps.Lift)));
                var span = $"[width_bucket({time}, {starts})]";
                return ($"greatest(({starts}){span}, date_bin({Step(steps.Step)}, {time}, ({origins}){span}))", Milliseconds);
            default:
                return ("0::bigint", "w");
        }

        string Step(long step) => Add(command, NpgsqlDbType.Interval, TimeSpan.FromMilliseconds(step));
    }

    private static DateTime Instant(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime;

    private static DateTime[] Instants(IEnumerable<long> milliseconds) => [.. milliseconds.Select(Instant)];

    private static string Add(NpgsqlCommand command, NpgsqlDbType type, object value)
    {
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value });
        return "$" + command.Parameters.Count;
    }
}

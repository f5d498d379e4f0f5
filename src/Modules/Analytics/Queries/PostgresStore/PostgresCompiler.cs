using System.Text;
using Bxb.Analytics.Queries.Windows;
using Bxb.Management.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Analytics.Queries.PostgresStore;

/// <summary>
/// Compiles a usage query for PostgreSQL. Columns of the result, in order: <c>w</c> bigint, the window's start; <c>c</c> text, the customer; a text for each property key;
/// <c>v</c> text, the value; <c>e</c> and <c>s</c> bigint, events counted and skipped.
/// </summary>
internal static class PostgresCompiler
{
    /// <summary>The command, without a connection.</summary>
    /// <param name="query">The query.</param>
    /// <param name="windows">Its windows.</param>
    /// <param name="asOfPosition">No event beyond this position counts.</param>
    /// <param name="maxRows">The most rows; one more is asked for, so that too many are noticed.</param>
    public static NpgsqlCommand Compile(UsageQuery query, WindowPlan windows, long asOfPosition, int maxRows)
    {
        var command = new NpgsqlCommand();
        var keys = query.PropertyKeys.ToArray();
        var (window, start) = Window(windows, command);
        var inner = new StringBuilder("select ").Append(window).Append(" as w, ").Append(query.ByCustomer ? "external_customer_id collate \"C\"" : "null::text").Append(" as c");
        for (var i = 0; i < keys.Length; i++)
        {
            inner.Append(",\n    ").Append(Text(keys[i].Path!, command)).Append(" collate \"C\" as g").Append(i);
        }

        inner.Append(query.Metric.AggregationType switch
        {
            AggregationType.Count => "",
            AggregationType.UniqueCount => ",\n    " + Text(query.Field!, command) + " collate \"C\" as t",
            AggregationType.Latest => ",\n    timestamp, position, " + Number(query.Field!, command) + " as n",
            _ => ",\n    " + Number(query.Field!, command) + " as n",
        });
        inner.Append("\n  from event_log.events\n  where ").Append(Conditions(query, asOfPosition, command));

        // "offset 0" keeps the planner from working every expression out once for each aggregate that uses it.
        var from = $"from (\n  {inner}\n  offset 0\n) picked";
        var groups = "w, c" + string.Concat(Enumerable.Range(0, keys.Length).Select(i => $", g{i}"));
        var limit = Add(command, NpgsqlDbType.Bigint, maxRows + 1L);
        var rows = query.Metric.AggregationType switch
        {
            AggregationType.Count => $"select {groups}, count(*)::text as v, count(*) as e, 0::bigint as s {from} group by {groups}",
            AggregationType.UniqueCount => $"select {groups}, count(distinct t)::text as v, count(*) as e, 0::bigint as s {from} group by {groups}",
            AggregationType.Sum => $"select {groups}, sum(n)::text as v, count(n) as e, count(*) - count(n) as s {from} group by {groups}",
            AggregationType.Max => $"select {groups}, max(n)::text as v, count(n) as e, count(*) - count(n) as s {from} group by {groups}",
            AggregationType.Latest => $"""
                select distinct on ({groups}) {groups}, n::text as v, count(n) over same as e, count(*) over same - count(n) over same as s {from}
                window same as (partition by {groups}) order by {groups}, n is null, timestamp desc, position desc
                """,
            var other => throw new ArgumentOutOfRangeException(nameof(query), other, "An aggregation that the compiler does not know."),
        };
        command.CommandText = $"select {groups.Replace("w,", start + ",", StringComparison.Ordinal)}, v, e, s from (\n{rows}\nlimit {limit}\n) answered";
        return command;
    }

    /// <summary>The JSON value of a property. Every step is an object's member, never an array's element, whatever the name looks like.</summary>
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

    /// <summary>A record that only says that another one no longer counts (kind 3) is no event; ClickHouse is not given it.</summary>
    private static string Conditions(UsageQuery query, long asOfPosition, NpgsqlCommand command)
    {
        var sql = new StringBuilder("kind <> 3 and organization_id = ").Append(Add(command, NpgsqlDbType.Integer, query.Metric.OrganizationId))
            .Append(" and code = ").Append(Add(command, NpgsqlDbType.Text, query.Metric.EventCode))
            .Append(" and timestamp >= ").Append(Add(command, NpgsqlDbType.TimestampTz, Instant(query.FromMilliseconds)))
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

    /// <summary>An expression for each event's window, cheap, and one that turns it into the window's start, for each row.</summary>
    private static (string Window, string Start) Window(WindowPlan windows, NpgsqlCommand command)
    {
        const string Milliseconds = "(extract(epoch from w) * 1000)::bigint";
        switch (windows)
        {
            case WindowEdges { Edges: var edges }:
                var instants = Add(command, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, Instants(edges));
                return ($"width_bucket(timestamp, {instants})", $"({Add(command, NpgsqlDbType.Array | NpgsqlDbType.Bigint, edges)})[w]");
            case WindowSteps { Spans: [var only], Step: var step }:
                return ($"date_bin({Step(step)}, timestamp, {Add(command, NpgsqlDbType.TimestampTz, Instant(-only.Offset - WindowSteps.Lift))})", Milliseconds);
            case WindowSteps steps:
                var starts = Add(command, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, Instants(steps.Spans.Select(s => s.Start)));
                var origins = Add(command, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, Instants(steps.Spans.Select(s => -s.Offset - WindowSteps.Lift)));
                var span = $"[width_bucket(timestamp, {starts})]";
                return ($"greatest(({starts}){span}, date_bin({Step(steps.Step)}, timestamp, ({origins}){span}))", Milliseconds);
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

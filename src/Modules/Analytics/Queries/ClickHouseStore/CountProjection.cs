using System.Globalization;
using Bxb.Analytics.Queries.Windows;
using Bxb.ClickHouse;
using Bxb.Management.Contracts;

namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>
/// Compiles plain counts over whole UTC days or hours for the projections <c>p_day</c> and <c>p_hour</c> of the table, which contain these counts. The engine uses a projection
/// only if every condition is on the expressions of the projection.
/// </summary>
internal static class CountProjection
{
    private const long Hour = 3_600_000;
    private const long Day = 24 * Hour;

    /// <summary>Returns the statement, with the columns of <see cref="ClickHouseCompiler"/>, or null if no projection can answer.</summary>
    public static ClickHouseStatement? TryCompile(UsageQuery query, WindowPlan windows, int maxRows)
    {
        if (query.Metric.AggregationType != AggregationType.Count || query.Filters.Count > 0 || query.PropertyKeys.Any())
        {
            return null;
        }

        var (from, to) = (query.FromMilliseconds, query.ToMilliseconds);
        var days = from % Day == 0 && to % Day == 0 && IsUtcDays(windows);
        var hours = from % Hour == 0 && to % Hour == 0 && !query.ByCustomer && query.Customers.Count == 0 && IsUtcHours(windows);
        if (!days && !hours)
        {
            return null;
        }

        // By hour if a window or an edge requires it, else by day. Reading the hours of a day never costs more than reading its events.
        var bucket = days ? "toStartOfDay(timestamp)" : "toStartOfHour(timestamp)";
        var window = windows switch
        {
            OneWindow => "toInt64(0)",
            WindowEdges when !days => "toInt64(toUnixTimestamp(toStartOfDay(toStartOfHour(timestamp)))) * 1000",
            _ => $"toInt64(toUnixTimestamp({bucket})) * 1000",
        };
        var customers = query.Customers.Count > 0 ? " AND external_customer_id IN {customers:Array(String)}" : "";
        var statement = new ClickHouseStatement($$"""
            SELECT {{window}} AS w, {{(query.ByCustomer ? "external_customer_id" : "''")}} AS c, toNullable(toString(count())) AS v, CAST(NULL AS Nullable(String)) AS x, count() AS e, toUInt64(0) AS s
            FROM usage
            WHERE organization_id = {organization:UInt32} AND code = {code:String}
                AND {{bucket}} >= {from:DateTime('UTC')} AND {{bucket}} < {to:DateTime('UTC')}{{customers}}
            GROUP BY w, c
            LIMIT {limit:UInt64}
            """);
        statement.With("organization", query.Metric.OrganizationId).With("code", query.Metric.EventCode).With("limit", maxRows + 1L)
            .With("from", Seconds(from)).With("to", Seconds(to));
        return query.Customers.Count > 0 ? statement.With("customers", query.Customers) : statement;
    }

    /// <summary>DateTime ends in 2106; there are no later events.</summary>
    private static string Seconds(long milliseconds) =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Min(milliseconds / 1000, uint.MaxValue / 86_400 * 86_400L)).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static bool IsUtcDays(WindowPlan windows) => windows is OneWindow || (windows is WindowEdges { Edges: var edges } && IsDaily(edges));

    private static bool IsUtcHours(WindowPlan windows) => windows is OneWindow || (windows is WindowEdges { Edges: var edges } && IsDaily(edges))
        || (windows is WindowSteps { Step: Hour } steps && steps.Spans.All(s => s.Offset % Hour == 0 && (s.Start % Hour == 0 || s == steps.Spans[0])));

    private static bool IsDaily(long[] edges)
    {
        for (var i = 0; i < edges.Length; i++)
        {
            if (edges[i] % Day != 0 || (i > 0 && edges[i] - edges[i - 1] != Day))
            {
                return false;
            }
        }

        return true;
    }
}

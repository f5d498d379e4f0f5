using System.Globalization;
using System.Text.RegularExpressions;
using Bxb.Analytics.Queries;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;

namespace Bxb.Analytics.Http;

/// <summary>Reads a usage request from the query string of <c>GET /v1/usage</c>. The answer to an invalid request, 400, names every invalid parameter.</summary>
internal static partial class UsageQueryString
{
    private const string Filter = "filter";

    /// <summary>All parameters, to refuse unknown ones and for the API description.</summary>
    public static QueryParameter[] Parameters { get; } =
    [
        new("metric", "The code of the billable metric.", IsRequired: true),
        new("from", "Start of the range, inclusive: ISO 8601 with an offset, Unix seconds, or a date or date-time without an offset, which is local to timezone.", IsRequired: true),
        new("to", "End of the range, exclusive. If it equals from, the range is empty.", IsRequired: true),
        new(GroupKey.Customer, "Only these customers. If there are several, each has its own rows.", IsRepeatable: true),
        new("group_by", @"Up to 5 keys, separated by commas: properties by dotted path (a dot inside a name is \.), or external_customer_id.", IsRepeatable: true),
        new(Filter, "filter[region]=eu: only events whose property has one of the texts. All filters must match.", IsFamily: true),
        new("window", "total (default), minute, 5m, 15m, hour, day, week (ISO) or month."),
        new("timezone", "The IANA time zone of the windows, and of from and to without an offset. Default UTC."),
        new("fill", "none (default), or zero: windows without events have rows, too."),
        new("min_position", "The answer covers at least this position of the log.", JsonSchemaType.Integer),
        new("timeout", "Maximum wait in seconds for a store to cover min_position: 0 to 30, default 5.", JsonSchemaType.Number),
        new("store", "auto (default), clickhouse or postgresql."),
    ];

    /// <summary>Reads the request.</summary>
    /// <exception cref="ApiException">400 with every invalid parameter; 422 if the range ends before it starts.</exception>
    public static UsageRequest Read(HttpContext context)
    {
        var input = new UsageInput(member => member)
        {
            Metric = ApiQuery.Text(context, "metric"), From = ApiQuery.Text(context, "from"), To = ApiQuery.Text(context, "to"), Window = ApiQuery.Text(context, "window"),
            TimeZone = ApiQuery.Text(context, "timezone"), Store = ApiQuery.Text(context, "store"), Fill = ApiQuery.Text(context, "fill"),
        };
        ReadNumbers(context, input);
        foreach (var (name, values) in context.Request.Query)
        {
            var texts = values.Select(v => new Placed(name, v ?? "")).ToArray();
            if (name == GroupKey.Customer)
            {
                input.Customers.AddRange(texts);
            }
            else if (name == "group_by")
            {
                input.GroupBy.AddRange(texts.SelectMany(t => t.Text.Split(',')).Select(t => new Placed(name, t)));
            }
            else if (name.StartsWith(Filter + "[", StringComparison.Ordinal))
            {
                input.Filters.Add(new FilterInput(new Placed(name, name[(Filter.Length + 1)..^1]), texts));
            }
        }

        if (input.Read() is not { } request)
        {
            var first = input.Faults[0];
            throw new ApiException(ErrorCode.InvalidParameter, $"The query parameter {first.Pointer} {first.Reason}.", input.Faults);
        }

        return request.From <= request.To ? request : throw ApiQuery.Reversed("to");
    }

    private static void ReadNumbers(HttpContext context, UsageInput input)
    {
        if (ApiQuery.Text(context, "min_position") is { } position)
        {
            input.MinPosition = long.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
        }

        if (ApiQuery.Text(context, "timeout") is { } timeout)
        {
            input.Timeout = Seconds().IsMatch(timeout) ? TimeSpan.FromSeconds(double.Parse(timeout, CultureInfo.InvariantCulture)) : TimeSpan.MinValue;
        }
    }

    [GeneratedRegex(@"^[0-9]{1,6}(\.[0-9]{1,6})?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Seconds();
}

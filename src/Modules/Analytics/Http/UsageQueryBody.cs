using System.Text.Json;
using Bxb.Analytics.Queries;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;

namespace Bxb.Analytics.Http;

/// <summary>A filter of a query.</summary>
/// <param name="Key">A property by dotted path.</param>
/// <param name="Values">The property must have one of these texts.</param>
internal sealed record UsageFilterBody(string? Key, IReadOnlyList<string>? Values);

/// <summary>The body of <c>POST /v1/usage/query</c>: the parameters of <c>GET /v1/usage</c> as JSON.</summary>
/// <param name="Metric">The code of the billable metric.</param>
/// <param name="From">Start of the range, inclusive: ISO 8601 with an offset, Unix seconds, or a date or date-time without an offset, which is local to timezone.</param>
/// <param name="To">End of the range, exclusive. If it equals from, the range is empty.</param>
/// <param name="ExternalCustomerId">Only these customers: a text or an array of texts.</param>
/// <param name="GroupBy">Up to 5 keys, an array of texts: properties by dotted path, or external_customer_id.</param>
/// <param name="Filters">All of them must match.</param>
/// <param name="Window">total (default), minute, 5m, 15m, hour, day, week (ISO) or month.</param>
/// <param name="Timezone">The IANA time zone of the windows, and of from and to without an offset. Default UTC.</param>
/// <param name="Fill">none (default), or zero: windows without events have rows, too.</param>
/// <param name="MinPosition">The answer covers at least this position of the log.</param>
/// <param name="Timeout">Maximum wait in seconds for a store to cover min_position: 0 to 30, default 5.</param>
/// <param name="Store">auto (default), clickhouse or postgresql.</param>
internal sealed record UsageQueryBody(
    string? Metric, string? From, string? To, JsonElement? ExternalCustomerId, JsonElement? GroupBy, IReadOnlyList<UsageFilterBody>? Filters, string? Window, string? Timezone, string? Fill,
    long? MinPosition, double? Timeout, string? Store)
{
    /// <summary>Reads the request.</summary>
    /// <exception cref="ApiException">422 with a pointer to every fault.</exception>
    public UsageRequest Read()
    {
        var input = new UsageInput(member => "/" + member) { Metric = Metric, From = From, To = To, Window = Window, TimeZone = Timezone, Fill = Fill, Store = Store, MinPosition = MinPosition };
        if (Timeout is { } seconds)
        {
            input.Timeout = seconds is >= 0 and <= 1000 ? TimeSpan.FromSeconds(seconds) : TimeSpan.MinValue;
        }

        Texts(ExternalCustomerId, GroupKey.Customer, input, input.Customers);
        Texts(GroupBy, "group_by", input, input.GroupBy);
        for (var i = 0; i < (Filters?.Count ?? 0); i++)
        {
            var (at, filter) = ($"/filters/{i}", Filters![i]);
            input.Filters.Add(new FilterInput(new Placed(at + "/key", filter.Key ?? ""), [.. (filter.Values ?? []).Select((v, n) => new Placed($"{at}/values/{n}", v))]));
        }

        var request = input.Read();
        if (request is null)
        {
            throw new ApiException(ErrorCode.ValidationFailed, "The query is well-formed but not valid.", input.Faults);
        }

        return request.From <= request.To ? request : throw ApiQuery.Reversed("/to");
    }

    private static void Texts(JsonElement? value, string member, UsageInput input, List<Placed> texts)
    {
        switch (value?.ValueKind)
        {
            case null or JsonValueKind.Null:
                return;
            case JsonValueKind.String:
                texts.Add(new Placed("/" + member, value.Value.GetString()!));
                return;
            case JsonValueKind.Array when value.Value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String):
                texts.AddRange(value.Value.EnumerateArray().Select((v, i) => new Placed($"/{member}/{i}", v.GetString()!)));
                return;
            default:
                input.Fault(member, "must be a text or an array of texts");
                return;
        }
    }
}

namespace Bxb.EndToEnd.Tests.Contract;

/// <summary>Good values for every parameter and body of the API, from which the tests make bad ones.</summary>
internal static class Samples
{
    private const string Event = """{"transaction_id": "sample", "external_customer_id": "c", "code": "sample", "timestamp": "2026-01-05T00:00:00Z", "properties": {"p": "v"}}""";

    private const string Metric = """
        {"code": "sample", "name": "n", "event_code": "sample", "aggregation_type": "sum", "field_name": "a.b", "filters": [{"key": "k", "values": ["v"]}], "group_keys": ["g"],
         "rounding_function": "round", "rounding_precision": 2, "recurring": false, "description": "d"}
        """;

    /// <summary>By call. Nothing here starts a replay or ends a key.</summary>
    public static readonly IReadOnlyDictionary<string, string> Bodies = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["POST /v1/organizations"] = """{"name": "sample"}""",
        ["POST /v1/organizations/{id}/api_keys"] = """{"name": "n", "scopes": ["read"]}""",
        ["POST /v1/billable_metrics"] = Metric,
        ["PUT /v1/billable_metrics/{code}"] = Metric,
        ["POST /v1/events"] = Event,
        ["POST /v1/events/batch"] = $$"""{"events": [{{Event}}]}""",
        ["POST /v1/usage/query"] = """
            {"metric": "sample", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "external_customer_id": ["c"], "group_by": ["g"], "filters": [{"key": "k", "values": ["v"]}],
             "window": "day", "timezone": "UTC", "min_position": 0, "timeout": 1, "store": "auto"}
            """,
        ["POST /v1/pipeline/groups/{group}/replay"] = """{"from_position": 0, "to_position": 0, "into": "live", "source": "log"}""",
        ["POST /v1/dead_letters/requeue"] = """{"group": "sample", "code": "c", "since": "2026-01-01T00:00:00Z", "ids": [1]}""",
        ["POST /v1/dead_letters/{id}/discard"] = """{"reason": "r"}""",
    };

    /// <summary>Of a parameter of the path or the query; null for one that may be left out.</summary>
    public static string? Parameter(string name) => name switch
    {
        "id" or "key_id" => "2147483647",
        "code" or "metric" or "transaction_id" => "sample",
        "group" => "no-such-group",
        "from" => "2026-01-01",
        "to" => "2026-02-01",
        _ => null,
    };
}

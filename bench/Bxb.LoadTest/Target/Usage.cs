using System.Globalization;
using System.Text.Json;

namespace Bxb.LoadTest.Target;

/// <summary>A question for <c>GET /v1/usage</c>, always of a named store.</summary>
internal sealed record UsageQuestion(string Metric, string Store, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>One property or member to group by.</summary>
    public string? GroupBy { get; init; }

    /// <summary>The answer must cover this position; null: whatever it covers.</summary>
    public long? MinPosition { get; init; }

    /// <summary>Path and query.</summary>
    public string ToPath()
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/v1/usage?metric={Metric}&store={Store}&from={From.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}&to={To.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}");
        path += GroupBy is null ? "" : "&group_by=" + GroupBy;
        return path + (MinPosition is { } position ? string.Create(CultureInfo.InvariantCulture, $"&min_position={position}&timeout=10") : "");
    }
}

/// <summary>A row of the answer.</summary>
/// <param name="Group">The value of what was grouped by; empty without grouping.</param>
/// <param name="Value">The metric's value.</param>
/// <param name="Events">Events behind it.</param>
internal readonly record struct UsageRow(string Group, string Value, long Events)
{
    /// <summary>Reads one row.</summary>
    public static UsageRow Read(JsonElement row)
    {
        var group = row.TryGetProperty("external_customer_id", out var customer) ? customer.GetString()
            : row.TryGetProperty("group", out var groups) ? groups.EnumerateObject().Select(g => g.Value.GetString()).FirstOrDefault() : null;
        return new UsageRow(group ?? "", row.GetProperty("value").GetString() ?? "null", row.GetProperty("events").GetInt64());
    }
}

using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>What <c>/v1/pipeline</c> and <c>/health/ready</c> of a host say in the end.</summary>
internal static class Pipeline
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Returns once nothing is behind any more: not the relay, no group, no partition of one.</summary>
    public static async Task CaughtUpAsync(this HostProcess host)
    {
        JsonNode? seen = null;
        await Eventually.HoldsAsync(
            async () => (seen = await host.Client.GetJsonAsync("/v1/pipeline")) is { } pipeline && HasCaughtUp(pipeline), () => $"Lag is zero everywhere ({seen?.ToJsonString()}); the host said:\n{host.Output}", Patience);
    }

    /// <summary>Returns once the host says that it is well.</summary>
    public static async Task HealthyAsync(this HostProcess host)
    {
        JsonNode? seen = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                var (status, body) = await host.Client.SendAsync(HttpMethod.Get, "/health/ready");
                seen = body;
                return status == 200 && body["status"]!.GetValue<string>() == "healthy";
            },
            () => $"The host is healthy ({seen?.ToJsonString()})",
            Patience);
    }

    /// <summary>Returns once ClickHouse covers a position, as a query says.</summary>
    public static async Task CoversAsync(this HostProcess host, string metric, long position) => await host.Client.TotalInTimeAsync(metric, "clickhouse", position);

    /// <summary>The value of a total over all time; asked for again while the store is not there yet, which a host that has just started may take a while for.</summary>
    public static async Task<string?> TotalInTimeAsync(this HttpClient client, string metric, string store, long minPosition)
    {
        JsonNode seen = new JsonObject();
        await Eventually.HoldsAsync(
            async () =>
            {
                (var status, seen) = await client.SendAsync(
                    HttpMethod.Get, $"/v1/usage?metric={metric}&from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&store={store}&min_position={minPosition}&timeout=10");
                return status == 503 ? false : status == 200 ? true : throw new ShouldAssertException(seen.ToJsonString());
            },
            () => $"{store} covers {minPosition} ({seen.ToJsonString()})",
            Patience);
        return seen["rows"]!.AsArray().Single()!["value"]?.GetValue<string>();
    }

    private static bool HasCaughtUp(JsonNode pipeline)
    {
        var head = pipeline["log"]!["head"]!.GetValue<long>();
        var groups = pipeline["groups"]!.AsArray();
        var partitions = groups.SelectMany(g => g!["partitions"]!.AsArray()).ToList();

        // A host that has just met its brokers has no partitions yet.
        return (groups.Count, partitions.Count) == (1, SharedStores.Partitions)
            && pipeline["log"]!["settled"]!.GetValue<long>() == head
            && ((IEnumerable<JsonNode?>)[pipeline["relay"], .. groups, .. partitions]).All(n => n!["position"]!.GetValue<long>() >= head && IsZero(n, "lag_events") && IsZero(n, "lag_seconds"));
    }

    private static bool IsZero(JsonNode node, string member) => node[member]!.GetValue<double>() == 0;
}

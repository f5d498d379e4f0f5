using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Bxb.LoadTest.Target;

/// <summary>The calls beside the load: metrics, usage, organizations, the pipeline. Thread-safe; the load itself has a client of its own.</summary>
internal sealed class ApiClient(Uri host) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = host, Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Makes an organization and a key with every scope.</summary>
    public async Task<Organization> CreateOrganizationAsync(string adminToken, string name, CancellationToken cancellationToken)
    {
        var made = await CallAsync(HttpMethod.Post, "/v1/organizations", adminToken, new { name }, cancellationToken);
        var key = await CallAsync(HttpMethod.Post, $"/v1/organizations/{made.GetProperty("id").GetRawText()}/api_keys", adminToken, new { name = "load" }, cancellationToken);
        return new Organization(name, key.GetProperty("key").GetString()!);
    }

    /// <summary>Makes a metric over the events of a code.</summary>
    public Task CreateMetricAsync(string apiKey, string code, string eventCode, string aggregation, string? field, CancellationToken cancellationToken)
        => CallAsync(
            HttpMethod.Post, "/v1/billable_metrics", apiKey,
            new { code, name = code, event_code = eventCode, aggregation_type = aggregation, field_name = field }, cancellationToken);

    /// <summary>Asks for usage; null when the store that was named does not answer or does not cover the position yet (503).</summary>
    public async Task<IReadOnlyList<UsageRow>?> UsageAsync(string apiKey, UsageQuestion question, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, question.ToPath(), apiKey);
        using var response = await _client.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            return null;
        }

        var answer = await ReadAsync(response, cancellationToken);
        if (answer.GetProperty("store").GetString() != question.Store)
        {
            throw new LoadException($"Usage was asked of {question.Store} and answered by {answer.GetProperty("store").GetString()}.");
        }

        return [.. answer.GetProperty("rows").EnumerateArray().Select(UsageRow.Read)];
    }

    /// <summary>How far behind the log's head the analytics group is, in events and seconds; null while the call is not answered.</summary>
    public async Task<(long Events, double Seconds)?> LagAsync(string apiKey, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, "/v1/pipeline", apiKey);
        using var response = await _client.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        var pipeline = await ReadAsync(response, cancellationToken);
        var group = pipeline.GetProperty("groups").EnumerateArray().FirstOrDefault(g => g.GetProperty("group").GetString() == "analytics");
        return group.ValueKind == JsonValueKind.Undefined ? null : (group.GetProperty("lag_events").GetInt64(), group.GetProperty("lag_seconds").GetDouble());
    }

    /// <summary>Posts one event and returns once it is acknowledged; false if the host is too busy to take it.</summary>
    public async Task<bool> PostEventAsync(string apiKey, string transactionId, string customer, string code, string timestamp, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, "/v1/events", apiKey);
        request.Content = JsonContent.Create(new { transaction_id = transactionId, external_customer_id = customer, code, timestamp });
        using var response = await _client.SendAsync(request, cancellationToken);
        if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
        {
            return false;
        }

        await ReadAsync(response, cancellationToken);
        return true;
    }

    /// <summary>What the bare twin's log holds.</summary>
    public async Task<(long Events, long Bytes)> BareCountAsync(CancellationToken cancellationToken)
    {
        var count = await _client.GetFromJsonAsync<JsonElement>(new Uri("/count", UriKind.Relative), cancellationToken);
        return (count.GetProperty("events").GetInt64(), (long)count.GetProperty("bytes").GetDecimal());
    }

    /// <summary>Whether the host says that it is ready.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _client.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private async Task<JsonElement> CallAsync(HttpMethod method, string path, string key, object body, CancellationToken cancellationToken)
    {
        using var request = Request(method, path, key);
        request.Content = JsonContent.Create(body, options: new JsonSerializerOptions { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull });
        using var response = await _client.SendAsync(request, cancellationToken);
        return await ReadAsync(response, cancellationToken);
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string key)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return request;
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            var said = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new LoadException(string.Create(CultureInfo.InvariantCulture, $"{response.RequestMessage?.RequestUri} answered {(int)response.StatusCode}: {said}"));
        }

        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }
}

using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Bxb.Operations.Contracts;

namespace Bxb.Host.Cli.Replay;

/// <summary>Client of the replay calls. Thread-safe.</summary>
/// <remarks>Reading the progress is retried for 2 min after transient failures (no connection, 429, 5xx). The replay runs on meanwhile, also over a restart of the host.</remarks>
internal sealed class ReplayClient : IDisposable
{
    private static readonly TimeSpan RetryFor = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly HttpClient _client;
    private readonly Uri _group;
    private readonly TimeProvider _time;

    public ReplayClient(ReplaySettings settings, TimeProvider time)
    {
        _client = HostConnection.CreateClient(settings.Url, settings.ApiKey, maxConnections: 1);
        _group = new Uri(settings.Url, $"v1/pipeline/groups/{Uri.EscapeDataString(settings.Group)}/");
        _time = time;
    }

    /// <summary>Starts a replay.</summary>
    /// <exception cref="CommandException">The host refuses or does not answer.</exception>
    public Task<ReplayAnswer> StartAsync(IReadOnlyDictionary<string, object> body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "replay", JsonSerializer.SerializeToUtf8Bytes(body), cancellationToken);

    /// <summary>Ends a replay early.</summary>
    /// <exception cref="CommandException">The host refuses or does not answer.</exception>
    public Task<ReplayAnswer> CancelAsync(long id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, Path(id), body: null, cancellationToken);

    /// <summary>Reads the progress of a replay.</summary>
    /// <exception cref="CommandException">There is no such replay, or the host was away for too long.</exception>
    public async Task<ReplayAnswer> GetAsync(long id, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return await SendAsync(HttpMethod.Get, Path(id), body: null, cancellationToken);
            }
            catch (CommandException failure) when (failure.InnerException is HttpRequestException && _time.GetElapsedTime(started) < RetryFor)
            {
                await Task.Delay(Pause, _time, cancellationToken);
            }
        }
    }

    public void Dispose() => _client.Dispose();

    private static string Path(long id) => string.Create(CultureInfo.InvariantCulture, $"replays/{id}");

    private async Task<ReplayAnswer> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(_group, path));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }

        try
        {
            using var answer = await _client.SendAsync(request, cancellationToken);
            var content = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            if (answer.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError)
            {
                throw new HttpRequestException($"{request.Method} {request.RequestUri} was answered {(int)answer.StatusCode}. {Detail(content)}");
            }

            return answer.IsSuccessStatusCode
                ? JsonSerializer.Deserialize<ReplayAnswer>(content, HostConnection.Lenient)!
                : throw new CommandException($"The host answered {(int)answer.StatusCode} to {request.Method} {request.RequestUri}. {Detail(content)}");
        }
        catch (HttpRequestException failure)
        {
            throw new CommandException($"The host does not answer: {failure.Message}", failure);
        }
        catch (JsonException failure)
        {
            throw new CommandException($"The server at {request.RequestUri} is not Bxb.", failure);
        }
    }

    private static string Detail(byte[] content)
    {
        try
        {
            return JsonSerializer.Deserialize<Problem>(content, HostConnection.Lenient)?.Detail ?? HostConnection.NoReason;
        }
        catch (JsonException)
        {
            return HostConnection.NoReason;
        }
    }

    private sealed record Problem(string? Detail);
}

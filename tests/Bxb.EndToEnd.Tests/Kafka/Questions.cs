using System.Collections.Concurrent;
using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>What dashboards and balancers ask a host all the time: its pipeline, usage and readiness, a question a kind at a time. Disposing ends it.</summary>
internal sealed class Questions : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly HttpClient _client;
    private readonly Task _asking;
    private int _answered;
    private int _broken;
    private bool _ended;

    /// <summary>Begins to ask.</summary>
    /// <param name="host">Not disposed of with this.</param>
    /// <param name="metric">A metric of the host's organization.</param>
    public Questions(HostProcess host, string metric)
    {
        _client = host.ClientWith(host.ApiKey, TimeSpan.FromMinutes(1));
        _asking = Task.WhenAll(
            AskAsync("/v1/pipeline"), AskAsync("/health/ready"), AskAsync($"/v1/usage?metric={metric}&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"));
    }

    /// <summary>Questions that were answered, whatever the answer.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Questions that were not answered, or with a status that says that the host has a fault.</summary>
    public int Broken => Volatile.Read(ref _broken);

    /// <summary>How many answers there were, by path and status.</summary>
    public override string ToString() => string.Join(", ", _answers.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}: {a.Value}"));

    public async ValueTask DisposeAsync()
    {
        if (!Interlocked.Exchange(ref _ended, true))
        {
            await _stop.CancelAsync();
            await _asking;
            _client.Dispose();
            _stop.Dispose();
        }
    }

    private async Task AskAsync(string path)
    {
        while (!_stop.IsCancellationRequested)
        {
            var status = await StatusAsync(path);
            _answers.AddOrUpdate($"{path.Split('?')[0]} {status}", 1, (_, count) => count + 1);
            Interlocked.Increment(ref _answered);
            if (status is not (200 or 503))
            {
                Interlocked.Increment(ref _broken);
            }

            await Task.WhenAny(Task.Delay(Interval, _stop.Token));
        }
    }

    private async Task<int> StatusAsync(string path)
    {
        try
        {
            using var answer = await _client.GetAsync(path);
            return (int)answer.StatusCode;
        }
        catch (Exception gone) when (gone is HttpRequestException or OperationCanceledException)
        {
            return 0;
        }
    }
}

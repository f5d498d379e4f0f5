using System.Text;
using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests.Kills;

/// <summary>
/// Clients that post batches one after the other, and post the same batch again until it is acknowledged: what careful senders do. Their hosts may come and go.
/// </summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    public const int EventsABatch = 40;

    /// <summary>What the property <c>n</c> of one batch's events adds up to.</summary>
    public const long SumABatch = EventsABatch * (EventsABatch + 1) / 2;

    private readonly Func<HttpClient> _client;
    private readonly string _code;
    private readonly int _run;
    private readonly SteadyLoadShape _shape;
    private readonly int[] _batches;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _acknowledgements = new(0);
    private readonly List<Task> _senders;
    private long _acknowledged;

    public SteadyLoad(Func<HttpClient> client, string code, int senders, int run = 0, SteadyLoadShape? shape = null)
    {
        _client = client;
        _code = code;
        _run = run;
        _shape = shape ?? new SteadyLoadShape();
        _batches = new int[senders];
        _senders = [.. Enumerable.Range(0, senders).Select(SendAsync)];
    }

    /// <summary>Batches that were acknowledged so far.</summary>
    public long AcknowledgedBatches => Interlocked.Read(ref _acknowledged);

    /// <summary>Batches that were acknowledged to one organization so far.</summary>
    /// <param name="key">Its key, as it stands in the shape.</param>
    public long AcknowledgedBatchesOf(string key) => Enumerable.Range(0, _batches.Length).Where(s => KeyOf(s) == key).Sum(s => (long)Volatile.Read(ref _batches[s]));

    /// <summary>Every event that was acknowledged, by its transaction id. To be asked when the load is finished.</summary>
    public HashSet<string> AcknowledgedIds()
        => [.. from s in Enumerable.Range(0, _batches.Length) from n in Enumerable.Range(0, _batches[s]) from i in Enumerable.Range(0, EventsABatch) select TransactionId(s, n, i)];

    /// <summary>Waits until so many further batches were acknowledged.</summary>
    public async Task ProgressAsync(int batches)
    {
        for (var target = AcknowledgedBatches + batches; AcknowledgedBatches < target;)
        {
            (await _acknowledgements.WaitAsync(TimeSpan.FromMinutes(3))).ShouldBeTrue("nothing is acknowledged any more");
        }
    }

    /// <summary>Lets every sender finish its batch and returns how many events were acknowledged.</summary>
    public async Task<long> FinishAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_senders).WaitAsync(TimeSpan.FromMinutes(3));
        return AcknowledgedBatches * EventsABatch;
    }

    public async ValueTask DisposeAsync()
    {
        await FinishAsync();
        _stop.Dispose();
        _acknowledgements.Dispose();
    }

    private async Task SendAsync(int sender)
    {
        for (var number = 0; !_stop.IsCancellationRequested; number++)
        {
            var batch = Batch(sender, number);
            while (!await IsAcknowledgedAsync(batch, KeyOf(sender)))
            {
                // The same batch again: whatever of it had been recorded is a duplicate now.
            }

            Interlocked.Increment(ref _batches[sender]);
            Interlocked.Increment(ref _acknowledged);
            _acknowledgements.Release();
            if (_shape.Pause > TimeSpan.Zero)
            {
                await Task.WhenAny(Task.Delay(_shape.Pause, _stop.Token));
            }
        }
    }

    private async Task<bool> IsAcknowledgedAsync(string batch, string? key)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events/batch") { Content = new StringContent(batch, Encoding.UTF8, "application/json") };
            request.Headers.Authorization = key is null ? null : new("Bearer", key);
            using var answer = await _client().SendAsync(request);
            if ((int)answer.StatusCode is 429 or 503)
            {
                await Task.Yield();
                return false;
            }

            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            ((int)answer.StatusCode).ShouldBe(201, body.ToJsonString());
            body["conflicts"]!.GetValue<int>().ShouldBe(0);
            (body["ingested"]!.GetValue<int>() + body["duplicates"]!.GetValue<int>()).ShouldBe(EventsABatch);
            return true;
        }
        catch (Exception gone) when (gone is HttpRequestException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            await Task.WhenAny(Task.Delay(20));
            return false;
        }
    }

    private string? KeyOf(int sender) => _shape.Keys.Count == 0 ? null : _shape.Keys[sender % _shape.Keys.Count];

    private string TransactionId(int sender, int number, int i) => $"{_code}-{_run}-{sender}-{number}-{i}";

    private string Batch(int sender, int number)
    {
        var json = new StringBuilder("{\"events\": [");
        for (var i = 0; i < EventsABatch; i++)
        {
            json.Append(i == 0 ? "" : ",").Append(
                $$$"""{"transaction_id": "{{{TransactionId(sender, number, i)}}}", "external_customer_id": "c-{{{((number * EventsABatch) + i) % _shape.Customers}}}", "code": "{{{_code}}}", "properties": {"n": {{{i + 1}}}}}""");
        }

        return json.Append("]}").ToString();
    }
}

/// <summary>Who sends how fast.</summary>
internal sealed record SteadyLoadShape
{
    /// <summary>How many customers each sender's events are of.</summary>
    public int Customers { get; init; } = 7;

    /// <summary>How long a sender waits after each batch; 0: not at all.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>The senders' keys, of one organization each, in turn. None: the client's own.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];
}

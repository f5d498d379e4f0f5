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
    private readonly Func<HttpClient> _client;
    private readonly string _code;
    private readonly int _run;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _acknowledgements = new(0);
    private readonly List<Task> _senders;
    private long _acknowledged;

    public SteadyLoad(Func<HttpClient> client, string code, int senders, int run = 0)
    {
        _client = client;
        _code = code;
        _run = run;
        _senders = [.. Enumerable.Range(0, senders).Select(SendAsync)];
    }

    /// <summary>Batches that were acknowledged so far.</summary>
    public long AcknowledgedBatches => Interlocked.Read(ref _acknowledged);

    /// <summary>Waits until so many further batches were acknowledged.</summary>
    public async Task ProgressAsync(int batches)
    {
        for (var i = 0; i < batches; i++)
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
            while (!await IsAcknowledgedAsync(batch))
            {
                // The same batch again: whatever of it had been recorded is a duplicate now.
            }

            Interlocked.Increment(ref _acknowledged);
            _acknowledgements.Release();
        }
    }

    private async Task<bool> IsAcknowledgedAsync(string batch)
    {
        try
        {
            using var content = new StringContent(batch, Encoding.UTF8, "application/json");
            using var answer = await _client().PostAsync("/v1/events/batch", content);
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

    private string Batch(int sender, int number)
    {
        var json = new StringBuilder("{\"events\": [");
        for (var i = 0; i < EventsABatch; i++)
        {
            json.Append(i == 0 ? "" : ",").Append(
                $$$"""{"transaction_id": "{{{_code}}}-{{{_run}}}-{{{sender}}}-{{{number}}}-{{{i}}}", "external_customer_id": "c-{{{i % 7}}}", "code": "{{{_code}}}", "properties": {"n": {{{i + 1}}}}}""");
        }

        return json.Append("]}").ToString();
    }
}

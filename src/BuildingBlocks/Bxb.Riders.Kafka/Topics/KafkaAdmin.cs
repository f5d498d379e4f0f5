using Confluent.Kafka;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Topics;

/// <summary>The admin client of this host, opened for the first request. Sends a request only when a broker has just answered. Thread-safe.</summary>
/// <remarks>
/// The client is built for short outages: it queues a request that finds no broker, and what happens to such a request after its time is its least tested part. No request goes to the coordinator of a group
/// (decision 11).
/// </remarks>
internal sealed class KafkaAdmin(KafkaClients clients, KafkaLog log, IOptions<KafkaOptions> options, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _connecting = new(1);
    private IAdminClient? _client;
    private bool _disposed;

    /// <summary>Sends a request once a broker answers, which is waited for up to <see cref="KafkaOptions.RequestTimeout"/>.</summary>
    /// <param name="request">Sends it. What it throws comes out of this call.</param>
    /// <param name="cancellationToken">Ends the wait for brokers and for the answer.</param>
    /// <exception cref="KafkaException">No broker answers.</exception>
    public async Task<T> AskAsync<T>(Func<IAdminClient, Task<T>> request, CancellationToken cancellationToken) =>
        await request(await ConnectAsync(cancellationToken)).WaitAsync(cancellationToken);

    /// <summary>Waits for a call under way, which takes a second at most.</summary>
    public async ValueTask DisposeAsync()
    {
        await _connecting.WaitAsync();
        _disposed = true;
        _client?.Dispose();
        _client = null;
        _connecting.Release();
    }

    /// <summary>Asks for metadata of all topics: what names a topic could make the brokers create it.</summary>
    private async Task<IAdminClient> ConnectAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _client ??= new AdminClientBuilder(clients.Admin()).SetLogHandler((_, message) => log.Write(message)).SetErrorHandler(static (_, _) => { }).Build();
            var client = _client;
            await Task.Run(() => AwaitBroker(client, cancellationToken), cancellationToken);
            return client;
        }
        finally
        {
            _connecting.Release();
        }
    }

    private void AwaitBroker(IAdminClient client, CancellationToken cancellationToken)
    {
        for (var started = time.GetTimestamp(); ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                client.GetMetadata(Slice);
                return;
            }
            catch (KafkaException) when (time.GetElapsedTime(started) < options.Value.RequestTimeout)
            {
                // The call blocks for a slice; between two of them a stop is heard.
                continue;
            }
        }
    }
}

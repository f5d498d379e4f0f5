using Confluent.Kafka;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Topics;

/// <summary>The admin client of this host, opened for the first request. Sends a request only when a broker has just answered. Thread-safe.</summary>
/// <remarks>
/// A request that finds no broker is queued by the client and fails there after its time. A request to the coordinator of a group that fails so ends the process (decision 11): none is sent at all, and others not
/// in that state.
/// </remarks>
internal sealed class KafkaAdmin(KafkaClients clients, KafkaLog log, IOptions<KafkaOptions> options, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
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
        if (_disposed)
        {
            return;
        }

        await _turn.WaitAsync();
        _disposed = true;
        _client?.Dispose();
        _turn.Release();
        _turn.Dispose();
    }

    /// <summary>Asks for metadata of all topics: a request that names a topic could make the brokers create it.</summary>
    private async Task<IAdminClient> ConnectAsync(CancellationToken cancellationToken)
    {
        for (var started = time.GetTimestamp(); ;)
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                var client = _client ??= new AdminClientBuilder(clients.Admin()).SetLogHandler((_, message) => log.Write(message)).SetErrorHandler(static (_, _) => { }).Build();
                await Task.Run(() => client.GetMetadata(Slice), CancellationToken.None);
                return client;
            }
            catch (KafkaException) when (time.GetElapsedTime(started) < options.Value.RequestTimeout)
            {
                // The call has waited for a slice. Between two slices a stop is heard, and others have their turn.
                continue;
            }
            finally
            {
                _turn.Release();
            }
        }
    }
}

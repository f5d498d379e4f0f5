using Confluent.Kafka;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Topics;

/// <summary>The admin client of this host, opened for the first request. Sends one request at a time, and only when a broker has just answered. Thread-safe.</summary>
/// <remarks>
/// A request that finds no broker is queued by the client and fails there after its time. A request to the coordinator of a group that fails so ends the process (decision 11): none is sent
/// at all, and others not
/// in that state. The client of Confluent.Kafka closes itself when it cannot decode an answer, as that of a topic with a partition that has no replica in sync (2.16.0). The request never
/// completes then, and every later one fails. So each request has a time limit, and a client that has closed itself is replaced; it is not disposed of, which would free its queue twice.
/// </remarks>
internal sealed class KafkaAdmin(KafkaClients clients, KafkaLog log, IOptions<KafkaOptions> options, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
#pragma warning disable CA2213 // Disposed of unless it has closed itself.
    private IAdminClient? _client;
#pragma warning restore CA2213
    private bool _disposed;

    /// <summary>Sends a request once a broker answers. The wait for a broker and the wait for the answer each take <see cref="KafkaOptions.RequestTimeout"/> at most.</summary>
    /// <param name="request">Sends it, given what the broker has just said of all topics. What it throws comes out of this call.</param>
    /// <param name="cancellationToken">Ends the wait for brokers and for the answer.</param>
    /// <exception cref="KafkaException">No broker answers, or the answer does not come.</exception>
    public async Task<T> AskAsync<T>(Func<IAdminClient, Metadata, Task<T>> request, CancellationToken cancellationToken)
    {
        for (var started = time.GetTimestamp(); ;)
        {
            // Between two tries a stop is heard, and others have their turn.
            await _turn.WaitAsync(cancellationToken);
            try
            {
                if (await ConnectAsync(started) is var (client, metadata))
                {
                    return await AnswerAsync(request(client, metadata), cancellationToken);
                }
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    /// <summary>Waits for a call under way, which its own token ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        await _turn.WaitAsync();
        _disposed = true;
        if (_client is { } client && IsOpen(client))
        {
            client.Dispose();
        }

        _turn.Release();
        _turn.Dispose();
    }

    /// <summary>Asks for metadata of all topics: a request that names a topic could make the brokers create it.</summary>
    /// <returns>Null when no broker has answered within a slice, and there is time for another try.</returns>
    private async Task<(IAdminClient Client, Metadata Metadata)?> ConnectAsync(long started)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_client is null || !IsOpen(_client))
        {
            _client = new AdminClientBuilder(clients.Admin()).SetLogHandler((_, message) => log.Write(message)).SetErrorHandler(static (_, _) => { }).Build();
        }

        try
        {
            var client = _client;
            return (client, await Task.Run(() => client.GetMetadata(Slice), CancellationToken.None));
        }
        catch (KafkaException) when (time.GetElapsedTime(started) < options.Value.RequestTimeout)
        {
            return null;
        }
    }

    private async Task<T> AnswerAsync<T>(Task<T> answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.WaitAsync(options.Value.RequestTimeout + Slice, time, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new KafkaException(new Error(ErrorCode.Local_TimedOut, "The client gave no answer in time"), exception);
        }
    }

    /// <summary>Whether the client's handle is open. Adding no broker does nothing, and says whether it is.</summary>
    private static bool IsOpen(IAdminClient client)
    {
        try
        {
            client.AddBrokers(string.Empty);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }
}

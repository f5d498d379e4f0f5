using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Writes flushes of records to the topic, each as one transaction: all of it is there for readers, or none, and nobody who was fenced off adds to it.</summary>
/// <remarks>
/// Owned by one relay for as long as it holds its epoch; used by one task at a time. The client's own threads send, and report the offset of the last record of each partition. After any exception the
/// producer is of no use any more: the next producer resolves what is open when it initializes. The client's calls block, so they run on threads of their own, in slices of a second between which
/// cancellation is heard.
/// </remarks>
internal sealed class RelayProducer : IAsyncDisposable
{
    private readonly List<OversizedRecord> _oversized = [];
    private readonly RelayMessages _messages;
    private readonly Action<DeliveryReport<byte[], byte[]>> _delivered;
    private readonly KafkaOptions _options;
    private readonly BrokerCalls _calls;
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly TopicPartition[] _places;
    private readonly int[] _last;
    private int[] _partitions = [];
    private byte[][] _keys = [];
    private long[] _offsets = [];
    private int _awaited;
    private volatile Error? _failed;
    private bool _isOpen;

    private RelayProducer(IProducer<byte[], byte[]> producer, int partitions, int limit, KafkaOptions options, BrokerCalls calls)
    {
        (_producer, _messages, _options, _calls) = (producer, new RelayMessages(limit, options), options, calls);
        _places = [.. Enumerable.Range(0, partitions).Select(p => new TopicPartition(options.Topic, p))];
        _last = new int[partitions];
        _delivered = Delivered;
    }

    /// <summary>The records of the last flush that were too large; notes stand in the topic in their place.</summary>
    public IReadOnlyList<OversizedRecord> Oversized => _oversized;

    /// <summary>Makes a producer and fences off every one before it; an open transaction of theirs is aborted, one that was being committed is completed.</summary>
    /// <param name="clients">Makes the client's configuration.</param>
    /// <param name="partitions">Among so many the records are spread.</param>
    /// <param name="limit">The largest record that the topic takes, in bytes before compression.</param>
    /// <param name="options">Where to, and how long to wait.</param>
    /// <param name="waiting">Told, once a second, why a call takes long that still goes on.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Takes what the client says.</param>
    /// <param name="cancellationToken">Gives up; those before may be fenced off or not.</param>
    /// <exception cref="RelayException">The brokers do not answer in time, or do not allow it.</exception>
    public static async Task<RelayProducer> StartAsync(
        KafkaClients clients, int partitions, int limit, KafkaOptions options, Action<string> waiting, TimeProvider time, KafkaLog log, CancellationToken cancellationToken)
    {
        var calls = new BrokerCalls(waiting, time);

        // The brokers' limit is one for batches: no batch of several records may pass it. Of single ones this class keeps it, the client only has to let them pass.
        var config = clients.Relay();
        (config.BatchSize, config.MessageMaxBytes) = (Math.Min(limit, config.BatchSize ?? limit), limit + RelayMessages.WireBytes);
        var client = new ProducerBuilder<byte[], byte[]>(config)
            .SetLogHandler((_, message) => log.Write(message))
            .SetErrorHandler((_, error) => calls.Trouble(error))
            .Build();
        var producer = new RelayProducer(client, partitions, limit, options, calls);
        try
        {
            await BrokerCalls.RunAsync(() => calls.Resolve("begin", client.InitTransactions, options.RequestTimeout * 2, cancellationToken));
            return producer;
        }
        catch
        {
            await producer.DisposeAsync();
            throw;
        }
    }

    /// <summary>The first record that is too large for the topic; null when there is none.</summary>
    public OversizedRecord? FindOversized(EventRecords records)
    {
        for (var i = 0; i < records.Count; i++)
        {
            var key = PartitionKey.Create(records[i]);
            var (_, bytes) = _messages.Whole(records[i], key);
            if (_messages.IsTooLarge(bytes))
            {
                return new OversizedRecord(i, PartitionKey.Partition(key, _places.Length), _messages.Describe(bytes));
            }
        }

        return null;
    }

    /// <summary>Writes the records in one transaction and commits it; of one that is too large, a note of its position.</summary>
    /// <param name="records">The caller's; not needed after the call.</param>
    /// <param name="offsets">For each partition, the offset behind the last record so far.</param>
    /// <param name="cancellationToken">Gives up: the transaction's end is then open, as after an exception.</param>
    /// <returns>The offsets behind the last records now, a new array.</returns>
    /// <exception cref="RelayException">It did not come through, or it is not known whether it did.</exception>
    public async Task<long[]> FlushAsync(EventRecords records, long[] offsets, CancellationToken cancellationToken)
    {
        _offsets = [.. offsets];
        _failed = null;
        _oversized.Clear();
        await BrokerCalls.RunAsync(() =>
        {
            Produce(records);
            _calls.Resolve("commit", _producer.CommitTransaction, _options.Relay.TransactionTimeout, cancellationToken);
        });
        _isOpen = false;
        Check(offsets);
        return _offsets;
    }

    /// <summary>Aborts what is open, if the brokers answer soon; they do it themselves otherwise.</summary>
    public async ValueTask DisposeAsync()
    {
        await BrokerCalls.RunAsync(() =>
        {
            try
            {
                if (_isOpen)
                {
                    _producer.AbortTransaction(BrokerCalls.Slice);
                }
            }
            catch (KafkaException)
            {
                // Fenced, or the brokers are away: the next producer resolves it.
                _isOpen = false;
            }
            finally
            {
                _producer.Dispose();
            }
        });
    }

    private void Produce(EventRecords records)
    {
        Place(records);
        _calls.Resolve("begin a transaction", _ => _producer.BeginTransaction(), TimeSpan.Zero, CancellationToken.None);
        _isOpen = true;
        for (var i = 0; i < records.Count; i++)
        {
            var (message, bytes) = _messages.Whole(records[i], _keys[i]);
            var partition = _partitions[i];
            if (_messages.IsTooLarge(bytes))
            {
                _oversized.Add(new OversizedRecord(i, partition, _messages.Describe(bytes)));
                message = _messages.Note(records[i].Position, _keys[i], bytes);
            }

            try
            {
                _producer.Produce(_places[partition], message, _last[partition] == i ? _delivered : null);
            }
            catch (KafkaException exception)
            {
                throw BrokerCalls.Failure("take a record", exception);
            }
        }
    }

    // Only the last record of each partition is asked for its offset; that the others came through, the commit says.
    private void Place(EventRecords records)
    {
        if (_partitions.Length < records.Count)
        {
            _partitions = new int[records.Count];
            _keys = new byte[records.Count][];
        }

        Array.Fill(_last, -1);
        for (var i = 0; i < records.Count; i++)
        {
            _keys[i] = PartitionKey.Create(records[i]);
            _partitions[i] = PartitionKey.Partition(_keys[i], _places.Length);
            _last[_partitions[i]] = i;
        }

        Volatile.Write(ref _awaited, _last.Count(i => i >= 0));
    }

    /// <summary>On the client's thread.</summary>
    private void Delivered(DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError || report.Offset.Value < 0)
        {
            _failed = report.Error;
        }
        else
        {
            Volatile.Write(ref _offsets[report.Partition.Value], report.Offset.Value + 1);
        }

        Interlocked.Decrement(ref _awaited);
    }

    private void Check(long[] before)
    {
        if (_failed is { } error)
        {
            throw new RelayException($"The brokers did not say where they put a record ({error.Reason}).");
        }

        if (Volatile.Read(ref _awaited) != 0)
        {
            throw new RelayException("The client did not say where the brokers put a record.");
        }

        for (var partition = 0; partition < before.Length; partition++)
        {
            if (_offsets[partition] < before[partition])
            {
                throw new RelayException($"Partition {partition} of the topic {_options.Topic} has gone back from offset {before[partition]} to {_offsets[partition]}: "
                    + "it was made anew, or has lost records.");
            }
        }
    }
}

using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Writes flushes of records to the topic, each as one transaction: all of it is there for readers, or none, and nobody who was fenced off adds to it.</summary>
/// <remarks>
/// Owned by one relay for as long as it holds its epoch; used by one task at a time. The client's own threads send, and report the offset of the last record of each partition. After any exception the
/// producer is of no use any more: what is open is resolved by whoever initializes the next one. The client's calls block, so they run on threads of their own, in slices of a second between which
/// cancellation is heard.
/// </remarks>
internal sealed class RelayProducer : IAsyncDisposable
{
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(3);

    private readonly UsageEventWriter _writer = new();
    private readonly Action<DeliveryReport<byte[], byte[]>> _delivered;
    private readonly KafkaOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<string> _waiting;
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly TopicPartition[] _places;
    private readonly int[] _last;
    private int[] _partitions = [];
    private byte[][] _keys = [];
    private long[] _offsets = [];
    private int _awaited;
    private volatile Error? _failed;
    private volatile Error? _trouble;
    private bool _isOpen;

    private RelayProducer(IProducer<byte[], byte[]> producer, int partitions, KafkaOptions options, Action<string> waiting, TimeProvider time)
    {
        (_producer, _options, _waiting, _time) = (producer, options, waiting, time);
        _places = [.. Enumerable.Range(0, partitions).Select(p => new TopicPartition(options.Topic, p))];
        _last = new int[partitions];
        _delivered = Delivered;
    }

    /// <summary>Makes a producer and fences off every one before it; an open transaction of theirs is aborted, one that was being committed is completed.</summary>
    /// <param name="clients">Makes the client's configuration.</param>
    /// <param name="partitions">Among so many the records are spread.</param>
    /// <param name="options">Where to, and how long to wait.</param>
    /// <param name="waiting">Told, once a second, why a call takes long that still goes on.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Takes what the client says.</param>
    /// <param name="cancellationToken">Gives up; those before may be fenced off or not.</param>
    /// <exception cref="RelayException">The brokers do not answer in time, or do not allow it.</exception>
    public static async Task<RelayProducer> StartAsync(
        KafkaClients clients, int partitions, KafkaOptions options, Action<string> waiting, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        RelayProducer? producer = null;
        var client = new ProducerBuilder<byte[], byte[]>(clients.Relay())
            .SetLogHandler((_, message) => KafkaLog.Write(logger, message))
            .SetErrorHandler((_, error) =>
            {
                if (producer is not null)
                {
                    producer._trouble = error;
                }
            })
            .Build();
        producer = new RelayProducer(client, partitions, options, waiting, time);
        try
        {
            await BlockAsync(() => producer.Resolve("begin", client.InitTransactions, options.RequestTimeout * 2, cancellationToken));
            return producer;
        }
        catch
        {
            await producer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes the records in one transaction and commits it.</summary>
    /// <param name="records">The caller's; not needed after the call.</param>
    /// <param name="offsets">For each partition, the offset behind the last record so far.</param>
    /// <param name="cancellationToken">Gives up: the transaction's end is then open, as after an exception.</param>
    /// <returns>The offsets behind the last records now, a new array.</returns>
    /// <exception cref="RelayException">It did not come through, or it is not known whether it did.</exception>
    public async Task<long[]> FlushAsync(EventRecords records, long[] offsets, CancellationToken cancellationToken)
    {
        _offsets = [.. offsets];
        _failed = null;
        await BlockAsync(() =>
        {
            Produce(records);
            Resolve("commit", _producer.CommitTransaction, _options.Relay.TransactionTimeout, cancellationToken);
        });
        _isOpen = false;
        Check(offsets);
        return _offsets;
    }

    /// <summary>Aborts what is open, if the brokers answer soon; they do it themselves otherwise.</summary>
    public async ValueTask DisposeAsync()
    {
        await BlockAsync(() =>
        {
            try
            {
                if (_isOpen)
                {
                    _producer.AbortTransaction(Slice);
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

    private static Task BlockAsync(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private void Produce(EventRecords records)
    {
        Place(records);
        Resolve("begin a transaction", _ => _producer.BeginTransaction(), TimeSpan.Zero, CancellationToken.None);
        _isOpen = true;
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i];
            var message = new Message<byte[], byte[]> { Key = _keys[i], Value = _writer.Write(record).ToArray(), Headers = CloudEventHeaders.Create(record) };
            var partition = _partitions[i];
            try
            {
                _producer.Produce(_places[partition], message, _last[partition] == i ? _delivered : null);
            }
            catch (ProduceException<byte[], byte[]> exception) when (exception.Error.Code == ErrorCode.MsgSizeTooLarge)
            {
                throw new RelayException(
                    $"The event at position {record.Position} is a record of {message.Value.Length} bytes besides its headers, and Bxb:Kafka:MaxRecordBytes is {_options.MaxRecordBytes}: raise it, and the topic's max.message.bytes.", exception);
            }
            catch (KafkaException exception)
            {
                throw Failure("take a record", exception);
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
                throw new RelayException($"Partition {partition} of the topic {_options.Topic} has gone back from offset {before[partition]} to {_offsets[partition]}: it was made anew, or has lost records.");
            }
        }
    }

    /// <summary>Calls until the brokers have said how it ended. A time-out says nothing; the same call goes on waiting.</summary>
    private void Resolve(string what, Action<TimeSpan> call, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        _trouble = null;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                call(Slice);
                return;
            }
            catch (KafkaException exception) when (exception is not KafkaRetriableException || _time.GetElapsedTime(started) > patience)
            {
                throw Failure(what, exception);
            }
            catch (KafkaRetriableException exception)
            {
                if (_time.GetElapsedTime(started) >= Long)
                {
                    _waiting($"The brokers take long to {what}: {(_trouble ?? exception.Error).Reason}");
                }
            }
        }
    }

    private static RelayException Failure(string what, KafkaException exception) => new($"The brokers did not {what}: {exception.Error.Reason} ({exception.Error.Code}).", exception);
}

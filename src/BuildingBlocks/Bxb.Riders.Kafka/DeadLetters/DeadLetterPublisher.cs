using System.Collections.Concurrent;
using Bxb.EventLog;
using Bxb.Riders.Kafka.Topics;
using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.Riders.Kafka.DeadLetters;

/// <summary>Writes each group's dead letters to a topic of their own, for consumers of that topic. The table decides: requeue and discard go by it.</summary>
/// <remarks>
/// Owns a producer and one task. A letter is written after it was stored, and noted after the brokers have acknowledged it: delivery is at least once. One host writes at a time, by an
/// advisory lock. Row locks would take a transaction id, which holds the settled position back for as long as the brokers do not answer.
/// </remarks>
internal sealed partial class DeadLetterPublisher(
    NpgsqlDataSource database, KafkaClients clients, KafkaLog log, TopicSetup topics, IOptions<KafkaOptions> options, TimeProvider time, ILogger<DeadLetterPublisher> logger)
    : BackgroundService
{
    private const string Take = """
        select id, group_name, organization_id, record::text, reason, exception, topic, partition, record_offset, position, attempts, code, coalesce(record ->> 'external_customer_id', '')
        from event_log.dead_letters where attempts > published_attempts order by id limit 100
        """;

    private const string TryLock = "select pg_try_advisory_xact_lock(hashtextextended('bxb/dead-letter-topics', 0))";

    private const string Note = """
        update event_log.dead_letters d set published_attempts = p.attempts from unnest($1, $2) p(id, attempts) where d.id = p.id
        """;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(5);

    private readonly OutageLog _outage = new(logger, "The dead letters cannot be written to their topics; they are kept and written later", time);
    private readonly ConcurrentDictionary<string, bool> _ready = new(StringComparer.Ordinal);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        IProducer<byte[], byte[]>? producer = null;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    producer ??= new ProducerBuilder<byte[], byte[]>(clients.Producer("dead-letters")).SetErrorHandler(static (_, _) => { }).SetLogHandler((_, message) => log.Write(message)).Build();
                    while (await PublishAsync(producer, stoppingToken))
                    {
                        // A full hand of letters: there may be more.
                    }

                    _outage.Succeeded();
                    await Task.Delay(Interval, time, stoppingToken);
                }
                catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
                {
                    _outage.Failed(failure);
                    await Task.Delay(FaultPause, time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            LogStopped(logger);
        }
        finally
        {
            producer?.Dispose();
        }
    }

    /// <summary>Writes the letters that wait, up to a hundred.</summary>
    /// <returns>Whether there may be more.</returns>
    private async Task<bool> PublishAsync(IProducer<byte[], byte[]> producer, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var one = new NpgsqlCommand(TryLock, connection, transaction))
        {
            if (await one.ExecuteScalarAsync(cancellationToken) is not true)
            {
                return false;
            }
        }

        var letters = new List<DeadLetterMessage>();
        await using (var take = new NpgsqlCommand(Take, connection, transaction))
        await using (var reader = await take.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                letters.Add(DeadLetterMessage.Read(reader));
            }
        }

        if (letters.Count == 0)
        {
            return false;
        }

        foreach (var group in letters.Select(l => l.Group).Distinct(StringComparer.Ordinal).Where(g => !_ready.ContainsKey(g)))
        {
            await topics.EnsureDeadLettersAsync(group, cancellationToken);
            _ready[group] = true;
        }

        await Task.WhenAll(letters.Select(l => ProduceAsync(producer, l, cancellationToken)));
        await using var note = new NpgsqlCommand(Note, connection, transaction)
        {
            Parameters = { new() { Value = letters.ConvertAll(l => l.Id) }, new() { Value = letters.ConvertAll(l => l.Attempts) } },
        };
        await note.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return letters.Count == 100;
    }

    /// <summary>Writes a letter; one that is too large for its topic stays in the table alone, and holds up no other.</summary>
    private async Task ProduceAsync(IProducer<byte[], byte[]> producer, DeadLetterMessage letter, CancellationToken cancellationToken)
    {
        try
        {
            await producer.ProduceAsync(TopicNames.DeadLetter(options.Value, letter.Group), letter.Message, cancellationToken);
        }
        catch (ProduceException<byte[], byte[]> exception) when (exception.Error.Code == ErrorCode.MsgSizeTooLarge)
        {
            LogTooLarge(logger, letter.Id, letter.Group);
        }
    }

    [LoggerMessage(2192, LogLevel.Warning, "The dead letter {Id} of {Group} is too large for its topic; it stays in the table alone")]
    private static partial void LogTooLarge(ILogger logger, long id, string group);

    [LoggerMessage(2191, LogLevel.Debug, "No more dead letters are written to their topics")]
    private static partial void LogStopped(ILogger logger);
}

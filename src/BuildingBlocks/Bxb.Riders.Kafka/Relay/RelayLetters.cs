using System.Text;
using Bxb.EventLog.Records;
using Bxb.Riders.Failures;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>The relay's dead letters: events whose records are too large for the topic. Every write names the relay's epoch and does nothing when it is over. Thread-safe.</summary>
internal sealed class RelayLetters(NpgsqlDataSource database)
{
    private const string Owned = "exists (select 1 from event_log.relay where topic = $1 and epoch = $2)";

    private const string Put = $"""
        insert into event_log.dead_letters as d (group_name, position, organization_id, code, record, reason, exception, topic, partition)
        select '{DeadLetter.RelayGroup}', $3, $4, $5, $6, $7, $7, $1, $8 where {Owned}
        on conflict (group_name, position) where position > 0 do update set reason = excluded.reason, exception = excluded.exception, topic = excluded.topic,
            partition = excluded.partition, attempts = d.attempts + 1, state = case d.state when 'discarded' then 'discarded' else 'pending' end
        """;

    private const string Requeued = $"""
        select id, position, attempts from event_log.dead_letters where group_name = '{DeadLetter.RelayGroup}' and state = 'requeued' and id > $1 order by id limit 1
        """;

    private const string Settle = $"delete from event_log.dead_letters where id = $3 and state = 'requeued' and {Owned}";

    private const string Return = $"update event_log.dead_letters set state = 'pending', reason = $4, exception = $4, attempts = attempts + 1 where id = $3 and state = 'requeued' and {Owned}";

    /// <summary>Keeps an event whose record is too large. One that was there already stays one row; a discarded one stays discarded.</summary>
    /// <returns>False when the epoch is over.</returns>
    public async Task<bool> PutAsync(string topic, long epoch, EventRecords records, OversizedRecord oversized, CancellationToken cancellationToken)
    {
        await using var command = Command(Put, topic, epoch);
        Add(command, records[oversized.Index]);
        command.Parameters.Add(new() { Value = oversized.Reason });
        command.Parameters.Add(new() { Value = oversized.Partition });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>The first letter that is to be written to the topic again, of those with a higher number; null when there is none.</summary>
    public async Task<RequeuedLetter?> NextRequeuedAsync(long afterId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Requeued);
        command.Parameters.Add(new() { Value = afterId });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new RequeuedLetter(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2)) : null;
    }

    /// <summary>Removes a letter whose record is in the topic now; one that was discarded meanwhile stays.</summary>
    public async Task SettleAsync(string topic, long epoch, long id, CancellationToken cancellationToken)
    {
        await using var command = Command(Settle, topic, epoch);
        command.Parameters.Add(new() { Value = id });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Puts a letter back whose record cannot be written.</summary>
    public async Task ReturnAsync(string topic, long epoch, long id, string reason, CancellationToken cancellationToken)
    {
        await using var command = Command(Return, topic, epoch);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = reason });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void Add(NpgsqlCommand command, EventRecord record)
    {
        command.Parameters.Add(new() { Value = record.Position });
        command.Parameters.Add(new() { Value = record.OrganizationId });
        command.Parameters.Add(new() { Value = Encoding.UTF8.GetString(record.Code) });
        command.Parameters.Add(new() { Value = RecordDocument.Write(record), NpgsqlDbType = NpgsqlDbType.Jsonb });
    }

    private NpgsqlCommand Command(string sql, string topic, long epoch)
    {
        var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = topic });
        command.Parameters.Add(new() { Value = epoch });
        return command;
    }
}

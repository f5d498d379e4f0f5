using System.Text;
using Bxb.EventLog.Records;
using Bxb.Riders.Progress;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders.Failures;

/// <summary>A dead letter to be delivered again.</summary>
internal readonly record struct RequeuedLetter(long Id, long Position, int Attempts);

/// <summary>The dead letters as the workers write them. Every write must match the owner's epoch; after a take-over it changes nothing. Thread-safe.</summary>
internal sealed class DeadLetterStore(NpgsqlDataSource database)
{
    /// <summary>The number of requeued letters that one call reads.</summary>
    public const int PageSize = 100;

    private const string Owned = "exists (select 1 from event_log.consumer_groups where group_name = $1 and partition = $2 and owner_epoch = $3)";

    private const string Put = $"""
        insert into event_log.dead_letters as d (group_name, position, organization_id, code, record, reason, exception, topic, partition, record_offset)
        select $1, $4, $5, $6, $7, $8, $9, $10, $2, $11 where {Owned}
        on conflict (group_name, position) where position > 0 do update set reason = excluded.reason, exception = excluded.exception, attempts = d.attempts + 1,
            state = case d.state when 'discarded' then 'discarded' else 'pending' end
        """;

    // A letter from another transport belongs to no partition here: the first partition delivers it.
    private const string Requeued = """
        select id, position, attempts from event_log.dead_letters
        where group_name = $1 and state = 'requeued' and (topic is not distinct from $3 and partition = $2 or topic is distinct from $3 and $2 = 0) and id > $4 order by id limit $5
        """;

    private const string Settle = $"delete from event_log.dead_letters where group_name = $1 and id = $4 and state = 'requeued' and {Owned}";

    private const string Return = $"""
        update event_log.dead_letters set state = 'pending', reason = $5 where group_name = $1 and id = $4 and state = 'requeued' and {Owned}
        """;

    /// <summary>Stores a record with its failure. A record that is a dead letter already stays one row; a discarded one stays discarded.</summary>
    /// <returns>False when another host owns the partition.</returns>
    public Task<bool> PutAsync(PartitionOwnership owned, string? topic, EventRecords records, int index, Exception failure, CancellationToken cancellationToken)
    {
        var record = records[index];
        var command = Command(Put, owned);
        command.Parameters.Add(new() { Value = record.Position });
        command.Parameters.Add(new() { Value = record.OrganizationId });
        command.Parameters.Add(new() { Value = Encoding.UTF8.GetString(record.Code) });
        command.Parameters.Add(new() { Value = RecordDocument.Write(record), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = FaultText.Line(failure) });
        command.Parameters.Add(new() { Value = FaultText.Whole(failure) });
        command.Parameters.Add(new() { Value = (object?)topic ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = record.Offset < 0 ? DBNull.Value : record.Offset, NpgsqlDbType = NpgsqlDbType.Bigint });
        return ExecuteAsync(command, cancellationToken);
    }

    /// <summary>The letters to be delivered again, the oldest first, at most <see cref="PageSize"/>.</summary>
    public async Task<IReadOnlyList<RequeuedLetter>> RequeuedAsync(PartitionOwnership owned, string? topic, long afterId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Requeued);
        command.Parameters.Add(new() { Value = owned.Group });
        command.Parameters.Add(new() { Value = owned.Partition });
        command.Parameters.Add(new() { Value = (object?)topic ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = afterId });
        command.Parameters.Add(new() { Value = PageSize });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var letters = new List<RequeuedLetter>();
        while (await reader.ReadAsync(cancellationToken))
        {
            letters.Add(new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2)));
        }

        return letters;
    }

    /// <summary>Deletes a letter whose record was processed; a letter that was discarded meanwhile stays.</summary>
    public Task<bool> SettleAsync(PartitionOwnership owned, long id, CancellationToken cancellationToken)
    {
        var command = Command(Settle, owned);
        command.Parameters.Add(new() { Value = id });
        return ExecuteAsync(command, cancellationToken);
    }

    /// <summary>Marks a letter that cannot be delivered as pending again.</summary>
    public Task<bool> ReturnAsync(PartitionOwnership owned, long id, string reason, CancellationToken cancellationToken)
    {
        var command = Command(Return, owned);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = reason });
        return ExecuteAsync(command, cancellationToken);
    }

    private NpgsqlCommand Command(string sql, PartitionOwnership owned)
    {
        var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = owned.Group });
        command.Parameters.Add(new() { Value = owned.Partition });
        command.Parameters.Add(new() { Value = owned.Epoch });
        return command;
    }

    private static async Task<bool> ExecuteAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using (command)
        {
            return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
        }
    }
}

using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>A value of the topic that is no record which this version reads.</summary>
/// <param name="Offset">Where it stands in its partition.</param>
/// <param name="Position">Its position in the log; 0 when it does not say.</param>
/// <param name="Reason">Why it cannot be read, one sentence.</param>
/// <param name="Value">The value whole.</param>
internal sealed record UnreadableRecord(long Offset, long Position, string Reason, byte[] Value);

/// <summary>Puts what cannot be read among the group's dead letters, whole; doing so again changes nothing. Thread-safe.</summary>
internal sealed class UnreadableRecords(NpgsqlDataSource database, IOptions<KafkaOptions> options)
{
    // The record of the log at that position is the better text, where there is one: requeueing reads it from there.
    private const string Put = """
        insert into event_log.dead_letters (group_name, position, organization_id, code, record, reason, exception, topic, partition, record_offset)
        select $1, $2, coalesce(e.organization_id, 0), coalesce(e.code, ''), jsonb_build_object('value_base64', $3::text), $4, $4, $5, $6, $7
        from (select 1) one left join event_log.events e on e.position = $2
        on conflict do nothing
        """;

    /// <summary>Puts them away; when this returns they are.</summary>
    public async Task PutAsync(string group, int partition, IReadOnlyList<UnreadableRecord> records, CancellationToken cancellationToken)
    {
        foreach (var record in records)
        {
            await using var command = database.CreateCommand(Put);
            command.Parameters.Add(new() { Value = group });
            command.Parameters.Add(new() { Value = record.Position });
            command.Parameters.Add(new() { Value = Convert.ToBase64String(record.Value) });
            command.Parameters.Add(new() { Value = record.Reason, NpgsqlDbType = NpgsqlDbType.Text });
            command.Parameters.Add(new() { Value = options.Value.Topic });
            command.Parameters.Add(new() { Value = partition });
            command.Parameters.Add(new() { Value = record.Offset });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}

using System.Text;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
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
internal sealed class UnreadableRecords(NpgsqlDataSource database, EventLogReader log, IOptions<KafkaOptions> options)
{
    private const string Put = """
        insert into event_log.dead_letters (group_name, position, organization_id, code, record, reason, exception, topic, partition, record_offset)
        values ($1, $2, $8, $9, jsonb_build_object('value_base64', $3::text), $4, $4, $5, $6, $7)
        on conflict do nothing
        """;

    /// <summary>Stores the records as dead letters. They are committed when this returns.</summary>
    public async Task PutAsync(string group, int partition, IReadOnlyList<UnreadableRecord> records, CancellationToken cancellationToken)
    {
        foreach (var record in records)
        {
            var (organizationId, code) = await FindEventAsync(record.Position, cancellationToken);
            await using var command = database.CreateCommand(Put);
            command.Parameters.Add(new() { Value = group });
            command.Parameters.Add(new() { Value = record.Position });
            command.Parameters.Add(new() { Value = Convert.ToBase64String(record.Value) });
            command.Parameters.Add(new() { Value = record.Reason, NpgsqlDbType = NpgsqlDbType.Text });
            command.Parameters.Add(new() { Value = options.Value.Topic });
            command.Parameters.Add(new() { Value = partition });
            command.Parameters.Add(new() { Value = record.Offset });
            command.Parameters.Add(new() { Value = organizationId });
            command.Parameters.Add(new() { Value = code });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>The organization and code of the event at the position, by which the dead letter is listed; 0 and empty when the log has none there.</summary>
    private async Task<(int OrganizationId, string Code)> FindEventAsync(long position, CancellationToken cancellationToken)
    {
        using var found = EventRecords.Rent();
        return position > 0 && await log.ReadAsync(position - 1, position, 1, int.MaxValue, found, cancellationToken) > 0
            ? (found[0].OrganizationId, Encoding.UTF8.GetString(found[0].Code))
            : (0, "");
    }
}

using Bxb.EventLog.Records;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>An event as a row of a result.</summary>
internal static class UsageEventRow
{
    /// <summary>The columns of an event, read from an alias <c>e</c>.</summary>
    public const string Columns =
        "e.position, e.organization_id, e.source, e.transaction_id, e.external_customer_id, e.code, e.timestamp, e.properties, e.digest, e.kind, e.ingested_at, e.trace_parent";

    public const int ColumnCount = 12;

    /// <summary>Reads an event whose columns begin at an ordinal.</summary>
    public static async Task<UsageEvent> ReadAsync(NpgsqlDataReader reader, int at, CancellationToken ct) => new(
        reader.GetInt64(at), reader.GetInt32(at + 1), reader.GetString(at + 2), reader.GetString(at + 3), reader.GetString(at + 4), reader.GetString(at + 5),
        await reader.GetFieldValueAsync<DateTimeOffset>(at + 6, ct), await reader.GetFieldValueAsync<byte[]>(at + 7, ct), reader.GetInt64(at + 8),
        (EventKind)reader.GetInt16(at + 9), await reader.GetFieldValueAsync<DateTimeOffset>(at + 10, ct),
        await reader.IsDBNullAsync(at + 11, ct) ? null : reader.GetString(at + 11));
}

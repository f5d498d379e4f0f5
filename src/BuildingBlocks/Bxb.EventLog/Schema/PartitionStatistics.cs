using Npgsql;

namespace Bxb.EventLog.Schema;

/// <summary>Analyzes new partitions early, because usage queries on PostgreSQL need statistics. Used by one loop.</summary>
/// <remarks>
/// Autovacuum, where it is on, analyzes up to a minute and 50,000 events later. A partition is analyzed after its first thousand positions and each time that their number has grown eightfold:
/// five times in total.
/// </remarks>
internal sealed class PartitionStatistics(NpgsqlDataSource dataSource)
{
    private const long FirstPositions = 1_000;
    private const long Growth = 8;
    private const long LockKey = 0x4278_625F_7374_6174;

    // The partition in use and the one before, which is analyzed a last time when it is full.
    private const string Recent = """
        select p.table_name, least(s.last_value + 1, p.to_position) - p.from_position, c.reltuples::bigint
        from event_log.event_partitions p cross join event_log.position_seq s
        join pg_class c on c.oid = to_regclass('event_log.' || p.table_name)
        where p.from_position <= s.last_value order by p.from_position desc limit 2
        """;

    // Positions have gaps, so the row count of the server can stay far below them. This host therefore remembers the positions of its last analysis.
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);

    /// <summary>Analyzes the partitions that have grown. Returns their number.</summary>
    /// <exception cref="NpgsqlException">PostgreSQL refused or is away.</exception>
    public async Task<int> RefreshAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var grown = new List<(string Table, long Positions)>();
        await using (var command = new NpgsqlCommand(Recent, connection))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var (table, positions) = (reader.GetString(0), reader.GetInt64(1));
                if (positions >= FirstPositions && positions >= Growth * Math.Max(reader.GetInt64(2), _seen.GetValueOrDefault(table)))
                {
                    grown.Add((table, positions));
                }
            }
        }

        foreach (var (table, positions) in grown)
        {
            _seen[table] = positions;
            await AnalyzeAsync(connection, table, ct);
        }

        return grown.Count;
    }

    // Does not wait for another host or for autovacuum.
    private static async Task AnalyzeAsync(NpgsqlConnection connection, string table, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var start = new NpgsqlCommand($"set local lock_timeout = '1s'; select pg_try_advisory_xact_lock({LockKey})", connection);
        if (await start.ExecuteScalarAsync(ct) is true)
        {
            await using var analyze = new NpgsqlCommand($"analyze (skip_locked) event_log.{table}", connection);
            await analyze.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
    }
}

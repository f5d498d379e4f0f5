using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Bxb.EventLog.Schema;

/// <summary>Brings a database's schema up to date, one migration after the other.</summary>
/// <remarks>
/// Safe to call from several hosts at once: an advisory lock lets one work while the others wait. Each migration is one transaction together with the row
/// that records it, so that a kill in between leaves either both or neither.
/// </remarks>
public static class SqlMigrator
{
    private const long LockKey = 0x4278_625F_6D69_6772;

    private const string Foundation = """
        create schema if not exists event_log;
        create table if not exists event_log.schema_migrations (
            set_name text collate "C" not null, number integer not null, name text not null, checksum bytea not null,
            applied_at timestamptz(3) not null default now(), primary key (set_name, number));
        """;

    /// <summary>Runs the migrations that the database has not seen, by set and number.</summary>
    /// <exception cref="InvalidOperationException">A set has gaps or doubled numbers, or a migration was changed after it ran.</exception>
    /// <exception cref="EventLogException">PostgreSQL refused, or cannot be reached.</exception>
    public static async Task MigrateAsync(NpgsqlDataSource dataSource, IEnumerable<SqlMigration> migrations, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        var ordered = migrations.OrderBy(m => m.Set, StringComparer.Ordinal).ThenBy(m => m.Number).ToList();
        CheckNumbers(ordered);
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            await ExecuteAsync(connection, $"select pg_advisory_lock({LockKey})", ct);
            try
            {
                await ExecuteAsync(connection, Foundation, ct);
                var applied = await AppliedAsync(connection, ct);
                foreach (var migration in ordered)
                {
                    await ApplyAsync(connection, migration, applied, ct);
                }
            }
            finally
            {
                if (connection.State == System.Data.ConnectionState.Open)
                {
                    await ExecuteAsync(connection, $"select pg_advisory_unlock({LockKey})", CancellationToken.None);
                }
            }
        }
        catch (Exception e) when (EventLogErrors.IsDriverError(e))
        {
            throw EventLogErrors.Translate(e);
        }
    }

    private static void CheckNumbers(List<SqlMigration> ordered)
    {
        foreach (var set in ordered.GroupBy(m => m.Set, StringComparer.Ordinal))
        {
            var expected = 1;
            foreach (var migration in set)
            {
                if (migration.Number != expected++)
                {
                    throw new InvalidOperationException($"Migrations of the set {set.Key} are not numbered 1, 2, 3: {migration.Number} {migration.Name}.");
                }
            }
        }
    }

    private static async Task<Dictionary<(string Set, int Number), byte[]>> AppliedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var applied = new Dictionary<(string, int), byte[]>();
        await using var command = new NpgsqlCommand("select set_name, number, checksum from event_log.schema_migrations", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            applied.Add((reader.GetString(0), reader.GetInt32(1)), await reader.GetFieldValueAsync<byte[]>(2, ct));
        }

        return applied;
    }

    private static async Task ApplyAsync(
        NpgsqlConnection connection, SqlMigration migration, Dictionary<(string Set, int Number), byte[]> applied, CancellationToken ct)
    {
        var checksum = SHA256.HashData(Encoding.UTF8.GetBytes(migration.Sql));
        if (applied.TryGetValue((migration.Set, migration.Number), out var recorded))
        {
            if (!recorded.AsSpan().SequenceEqual(checksum))
            {
                throw new InvalidOperationException($"The migration {migration.Set} {migration.Number} {migration.Name} was changed after it had run.");
            }

            return;
        }

        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, migration.Sql, ct);
        await using var record = new NpgsqlCommand("insert into event_log.schema_migrations (set_name, number, name, checksum) values ($1, $2, $3, $4)", connection, transaction);
        record.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Set });
        record.Parameters.Add(new NpgsqlParameter<int> { TypedValue = migration.Number });
        record.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Name });
        record.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = checksum });
        await record.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        // A migration that rewrites a table takes what it takes.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(ct);
    }
}

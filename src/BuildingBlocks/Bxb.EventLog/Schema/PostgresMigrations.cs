using System.Data;
using Bxb.Primitives.Migrations;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.EventLog.Schema;

/// <summary>Migrates a PostgreSQL database. Each migration is one transaction together with the row that records it.</summary>
/// <remarks>Owns one connection, whose session holds an advisory lock, until it is disposed. The table of applied migrations is <c>event_log.schema_migrations</c>.</remarks>
public sealed partial class PostgresMigrations(NpgsqlDataSource dataSource, ILogger<PostgresMigrations> logger) : IMigrationTarget
{
    private const long LockKey = 0x4278_625F_6D69_6772;

    private const string Foundation = """
        create schema if not exists event_log;
        create table if not exists event_log.schema_migrations (
            set_name text collate "C" not null, number integer not null, name text not null, checksum bytea not null,
            applied_at timestamptz(3) not null default now(), primary key (set_name, number));
        """;

    private NpgsqlConnection? _connection;

    private NpgsqlConnection Connection => _connection ?? throw new InvalidOperationException("PrepareAsync comes first.");

    /// <summary>Runs the migrations that a database has not recorded.</summary>
    /// <exception cref="InvalidOperationException">As <see cref="SqlMigrator.MigrateAsync"/>.</exception>
    /// <exception cref="EventLogException">PostgreSQL refused, or cannot be reached.</exception>
    public static async Task RunAsync(NpgsqlDataSource dataSource, IEnumerable<SqlMigration> migrations, ILogger<PostgresMigrations> logger, CancellationToken cancellationToken)
    {
        try
        {
            await using var target = new PostgresMigrations(dataSource, logger);
            await SqlMigrator.MigrateAsync(target, migrations, cancellationToken);
        }
        catch (Exception e) when (EventLogErrors.IsDriverError(e))
        {
            throw EventLogErrors.Translate(e);
        }
    }

    /// <inheritdoc />
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        _connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync($"select pg_advisory_lock({LockKey})", cancellationToken);
        await ExecuteAsync(Foundation, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<AppliedMigration>> ReadAppliedAsync(CancellationToken cancellationToken)
    {
        var applied = new List<AppliedMigration>();
        await using var command = new NpgsqlCommand("select set_name, number, name, encode(checksum, 'hex') from event_log.schema_migrations", Connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            applied.Add(new(reader.GetString(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3)));
        }

        return applied;
    }

    /// <inheritdoc />
    public async Task ApplyAsync(SqlMigration migration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(migration);
        await using var transaction = await Connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(migration.Sql, cancellationToken);
        await using var record = new NpgsqlCommand(
            "insert into event_log.schema_migrations (set_name, number, name, checksum) values ($1, $2, $3, decode($4, 'hex'))", Connection, transaction);
        record.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Set });
        record.Parameters.Add(new NpgsqlParameter<int> { TypedValue = migration.Number });
        record.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Name });
        record.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Checksum });
        await record.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LogApplied(migration);
    }

    /// <summary>Releases the lock and the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            // A pooled session keeps its locks.
            if (connection.State == ConnectionState.Open)
            {
                await ExecuteAsync($"select pg_advisory_unlock({LockKey})", CancellationToken.None);
            }

            await connection.DisposeAsync();
        }
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        // No time limit: a migration may rewrite a table.
        await using var command = new NpgsqlCommand(sql, Connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(1070, LogLevel.Information, "Applied the migration {Migration} to PostgreSQL")]
    private partial void LogApplied(SqlMigration migration);
}

using Bxb.Primitives.Migrations;
using Microsoft.Extensions.Logging;

namespace Bxb.ClickHouse;

/// <summary>Migrates a ClickHouse database, after creating it if it is missing. The table of applied migrations is <c>bxb_migrations</c>.</summary>
/// <remarks>
/// ClickHouse has no locks and no transactions: several hosts may run a migration at once, and one that failed runs again from its beginning. Its statements, which lines
/// that begin with <c>-- next</c> separate, must therefore be repeatable, by <c>IF NOT EXISTS</c> and the like.
/// </remarks>
public sealed partial class ClickHouseMigrations(ClickHouseClient client, ILogger<ClickHouseMigrations> logger) : IMigrationTarget
{
    /// <summary>ClickHouse's error code of throwIf.</summary>
    private const int ValueIsNotZero = 395;

    /// <summary>Runs the migrations that the database has not recorded.</summary>
    /// <exception cref="InvalidOperationException">As <see cref="SqlMigrator.MigrateAsync"/>.</exception>
    /// <exception cref="ClickHouseException">A statement failed; the migrations before it are recorded.</exception>
    public Task RunAsync(IEnumerable<SqlMigration> migrations, CancellationToken cancellationToken) => SqlMigrator.MigrateAsync(this, migrations, cancellationToken);

    /// <inheritdoc />
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        // Existence is checked first: a user without the right to create databases can use one that exists.
        if (client.Database is { } database && !await ExistsAsync(database, cancellationToken))
        {
            var quoted = database.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("`", @"\`", StringComparison.Ordinal);
            await client.ExecuteOutsideAsync(new($"CREATE DATABASE IF NOT EXISTS `{quoted}`"), cancellationToken);
        }

        await client.ExecuteAsync(
            new("CREATE TABLE IF NOT EXISTS bxb_migrations (`set` String, number UInt32, name String, applied_at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY (`set`, number)"),
            cancellationToken);
        await client.ExecuteAsync(new("ALTER TABLE bxb_migrations ADD COLUMN IF NOT EXISTS checksum String"), cancellationToken);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<AppliedMigration>> ReadAppliedAsync(CancellationToken cancellationToken)
    {
        var applied = new List<AppliedMigration>();
        await using var rows = await client.QueryAsync(new("SELECT DISTINCT `set`, number, name, checksum FROM bxb_migrations"), cancellationToken);
        while (await rows.ReadAsync())
        {
            applied.Add(new(rows.GetString(0), (int)rows.GetInt64(1), rows.GetString(2), rows.GetString(3)));
        }

        return applied;
    }

    /// <inheritdoc />
    public async Task ApplyAsync(SqlMigration migration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(migration);
        foreach (var sql in Statements(migration.Sql))
        {
            await client.ExecuteAsync(new(sql), cancellationToken);
        }

        await client.ExecuteAsync(
            new ClickHouseStatement("INSERT INTO bxb_migrations (`set`, number, name, applied_at, checksum) SELECT {set:String}, {number:UInt32}, {name:String}, now64(3), {checksum:String}")
                .With("set", migration.Set).With("number", migration.Number).With("name", migration.Name).With("checksum", migration.Checksum),
            cancellationToken);
        LogApplied(migration);
    }

    /// <summary>Does nothing: there is no lock.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static IEnumerable<string> Statements(string sql)
    {
        var lines = new List<string>();
        foreach (var line in sql.Split('\n').Append("-- next"))
        {
            if (!line.StartsWith("-- next", StringComparison.Ordinal))
            {
                lines.Add(line);
                continue;
            }

            var text = string.Join('\n', lines).Trim();
            if (text.Length > 0)
            {
                yield return text;
            }

            lines.Clear();
        }
    }

    private async Task<bool> ExistsAsync(string database, CancellationToken cancellationToken)
    {
        try
        {
            await client.ExecuteOutsideAsync(new ClickHouseStatement("SELECT throwIf(count() = 0) FROM system.databases WHERE name = {name:String}").With("name", database), cancellationToken);
            return true;
        }
        catch (ClickHouseException e) when (e.Code == ValueIsNotZero)
        {
            return false;
        }
    }

    [LoggerMessage(3001, LogLevel.Information, "Applied the migration {Migration} to ClickHouse")]
    private partial void LogApplied(SqlMigration migration);
}

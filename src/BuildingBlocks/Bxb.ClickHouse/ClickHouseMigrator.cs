using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Bxb.ClickHouse;

/// <summary>Brings a database to the schema that this program needs: makes it if there is none, then runs the steps that it has not seen, in order.</summary>
/// <remarks>
/// What was run stands in the table <c>bxb_migrations</c>. There is no lock: several hosts may do it at once, since each statement bears being run twice.
/// </remarks>
public sealed partial class ClickHouseMigrator(ClickHouseClient client, ILogger<ClickHouseMigrator> logger)
{
    /// <summary>Runs what is missing.</summary>
    /// <exception cref="InvalidOperationException">The database was brought further, or elsewhere, by another version of this program.</exception>
    /// <exception cref="ClickHouseException">A statement failed; the steps before its step are recorded.</exception>
    public async Task MigrateAsync(IEnumerable<ClickHouseMigration> migrations, CancellationToken cancellationToken)
    {
        await MakeDatabaseAsync(cancellationToken);
        await client.ExecuteAsync(
            new("CREATE TABLE IF NOT EXISTS bxb_migrations (`set` String, number UInt32, name String, applied_at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY (`set`, number)"),
            cancellationToken);
        foreach (var set in migrations.GroupBy(m => m.Set))
        {
            var known = await KnownAsync(set.Key, cancellationToken);
            var steps = set.OrderBy(m => m.Number).ToList();
            foreach (var (number, name) in known)
            {
                if (!steps.Exists(m => m.Number == number && m.Name == name))
                {
                    throw new InvalidOperationException($"The ClickHouse database has step {number} {name} of {set.Key}, which this version does not know.");
                }
            }

            foreach (var step in steps.Where(m => !known.ContainsKey(m.Number)))
            {
                await RunAsync(step, cancellationToken);
            }
        }
    }

    private async Task MakeDatabaseAsync(CancellationToken cancellationToken)
    {
        // Asked by name first: a user that may not create databases can still use one that is there.
        if (client.Database is not { } database || await ExistsAsync(database, cancellationToken))
        {
            return;
        }

        var quoted = database.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("`", @"\`", StringComparison.Ordinal);
        await client.ExecuteOutsideAsync(new($"CREATE DATABASE IF NOT EXISTS `{quoted}`"), cancellationToken);
    }

    private async Task<bool> ExistsAsync(string database, CancellationToken cancellationToken)
    {
        try
        {
            await client.ExecuteOutsideAsync(new ClickHouseStatement("SELECT throwIf(count() = 0) FROM system.databases WHERE name = {name:String}").With("name", database), cancellationToken);
            return true;
        }
        catch (ClickHouseException e) when (e.Code == 395)
        {
            return false;
        }
    }

    private async Task<Dictionary<int, string>> KnownAsync(string set, CancellationToken cancellationToken)
    {
        var known = new Dictionary<int, string>();
        await using var rows = await client.QueryAsync(
            new ClickHouseStatement("SELECT DISTINCT number, name FROM bxb_migrations WHERE `set` = {set:String}").With("set", set), cancellationToken);
        while (await rows.ReadAsync())
        {
            known[(int)rows.GetInt64(0)] = rows.GetString(1);
        }

        return known;
    }

    private async Task RunAsync(ClickHouseMigration step, CancellationToken cancellationToken)
    {
        foreach (var sql in step.Statements())
        {
            await client.ExecuteAsync(new(sql), cancellationToken);
        }

        await client.ExecuteAsync(
            new ClickHouseStatement("INSERT INTO bxb_migrations SELECT {set:String}, {number:UInt32}, {name:String}, now64(3)")
                .With("set", step.Set).With("number", step.Number).With("name", step.Name),
            cancellationToken);
        LogApplied(step.Set, step.Number.ToString(CultureInfo.InvariantCulture), step.Name);
    }

    [LoggerMessage(3001, LogLevel.Information, "ClickHouse schema: {Set} {Number} {Name} applied")]
    private partial void LogApplied(string set, string number, string name);
}

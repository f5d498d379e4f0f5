using Bxb.ClickHouse;

namespace Bxb.Analytics.Schema;

/// <summary>Brings the ClickHouse database to the schema of this version.</summary>
internal sealed class AnalyticsSchema(ClickHouseClient client, ClickHouseMigrator migrator)
{
    private static readonly IReadOnlyList<ClickHouseMigration> Steps = ClickHouseMigration.FromResources(typeof(AnalyticsSchema).Assembly, "analytics", "Schema");

    /// <summary>Runs what is missing. Called at each take-over: an empty data directory may have been put in the place of the other.</summary>
    /// <returns>Whether the server is the embedded engine.</returns>
    internal async Task<bool> EnsureAsync(CancellationToken cancellationToken)
    {
        await migrator.MigrateAsync(Steps, cancellationToken);

        // The embedded engine brings everything to disk when it is told to, at each checkpoint; a server has no such call and has to do it with each insert.
        if (await client.SyncAsync(cancellationToken))
        {
            return true;
        }

        await client.ExecuteAsync(new("ALTER TABLE usage MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1"), cancellationToken);
        return false;
    }
}

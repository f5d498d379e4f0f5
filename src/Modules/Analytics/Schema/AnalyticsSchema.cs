using Bxb.ClickHouse;
using Bxb.Primitives.Migrations;

namespace Bxb.Analytics.Schema;

/// <summary>Migrates the ClickHouse database to the schema of this version.</summary>
internal sealed class AnalyticsSchema(ClickHouseClient client, ClickHouseMigrations migrations)
{
    /// <summary>The table of usage that queries read.</summary>
    internal const string LiveTable = "usage";

    /// <summary>The steps in their order.</summary>
    internal static readonly IReadOnlyList<SqlMigration> Steps = SqlMigration.Load(typeof(AnalyticsSchema).Assembly, "analytics", "Schema");

    /// <summary>Runs the missing steps. Called before every epoch begins, because the data directory may have been replaced by an empty one.</summary>
    /// <returns>Whether the server is the embedded engine.</returns>
    internal async Task<bool> EnsureAsync(CancellationToken cancellationToken)
    {
        await migrations.RunAsync(Steps, cancellationToken);

        // The embedded engine syncs everything on request, at each checkpoint. A server has no such call and has to sync every insert.
        if (await client.SyncAsync(cancellationToken))
        {
            return true;
        }

        await client.ExecuteAsync(new("ALTER TABLE usage MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1"), cancellationToken);
        return false;
    }
}

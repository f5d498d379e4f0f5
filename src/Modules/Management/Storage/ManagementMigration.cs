using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Bxb.Management.Storage;

/// <summary>Brings the schema <c>management</c> up to date.</summary>
internal static class ManagementMigration
{
    /// <summary>Advisory lock that serializes the migrations of hosts that start at once. The number is arbitrary and used nowhere else.</summary>
    private const long Lock = 0x4278_624D_616E_6167;

    public static async Task RunAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(cancellationToken);
        await using var take = new NpgsqlCommand("select pg_advisory_lock($1)", connection) { Parameters = { new() { Value = Lock } }, CommandTimeout = 0 };
        await take.ExecuteNonQueryAsync(cancellationToken);
        try
        {
            await using var db = await services.GetRequiredService<IDbContextFactory<ManagementDbContext>>().CreateDbContextAsync(cancellationToken);
            await db.Database.MigrateAsync(cancellationToken);
        }
        finally
        {
            // Pooled connections keep session locks, so the lock is released even when the start was cancelled.
            await using var give = new NpgsqlCommand("select pg_advisory_unlock($1)", connection) { Parameters = { new() { Value = Lock } } };
            await give.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }
}

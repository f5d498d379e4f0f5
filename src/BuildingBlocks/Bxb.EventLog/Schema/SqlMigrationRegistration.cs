using System.Reflection;
using Bxb.Primitives.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.EventLog.Schema;

/// <summary>Collects the migrations of the PostgreSQL database and runs them.</summary>
public static class SqlMigrationRegistration
{
    /// <summary>Adds the SQL files that an assembly embeds in a folder; see <see cref="SqlMigration.Load"/>.</summary>
    /// <exception cref="InvalidOperationException">The folder holds no migration.</exception>
    public static IServiceCollection AddSqlMigrations(this IServiceCollection services, Assembly assembly, string set, string folder)
    {
        foreach (var migration in SqlMigration.Load(assembly, set, folder))
        {
            services.AddSingleton(migration);
        }

        return services;
    }

    /// <summary>Checks that the database's sessions are fit for the host, then runs the migrations of the container that the database lacks. To be awaited before the host starts.</summary>
    /// <exception cref="EventLogException">A pooler or the server does not keep what the host relies on, or PostgreSQL is away.</exception>
    /// <exception cref="InvalidOperationException">As <see cref="SqlMigrator.MigrateAsync"/>.</exception>
    public static async Task MigrateSqlAsync(this IServiceProvider services, CancellationToken ct)
    {
        await SessionCheck.VerifyAsync(services.GetRequiredService<EventLogConnections>(), ct);
        await PostgresMigrations.RunAsync(
            services.GetRequiredService<NpgsqlDataSource>(), services.GetServices<SqlMigration>(), services.GetRequiredService<ILogger<PostgresMigrations>>(), ct);
    }
}

using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Bxb.EventLog.Schema;

/// <summary>Collects migrations from the assemblies that bring them, and runs them.</summary>
public static partial class SqlMigrationRegistration
{
    /// <summary>Adds the SQL files that an assembly embeds below a folder, named <c>0001_what_it_does.sql</c>.</summary>
    /// <param name="services">The container.</param>
    /// <param name="assembly">Where the files are embedded, by their default resource names.</param>
    /// <param name="set">The set that they form.</param>
    /// <param name="resourceFolder">The folder below the project's root, with slashes or dots.</param>
    /// <exception cref="InvalidOperationException">The folder holds no migration.</exception>
    public static IServiceCollection AddSqlMigrations(this IServiceCollection services, Assembly assembly, string set, string resourceFolder)
    {
        ArgumentNullException.ThrowIfNull(services);
        foreach (var migration in Load(assembly, set, resourceFolder))
        {
            services.AddSingleton(migration);
        }

        return services;
    }

    /// <summary>Checks that the database's sessions are fit for the host, then runs what the container's modules brought and the database lacks. To be awaited before the host starts.</summary>
    /// <exception cref="EventLogException">A pooler or the server does not keep what the host relies on, or PostgreSQL is away.</exception>
    public static async Task MigrateSqlAsync(this IServiceProvider services, CancellationToken ct)
    {
        await SessionCheck.VerifyAsync(services.GetRequiredService<EventLogConnections>(), ct);
        await SqlMigrator.MigrateAsync(services.GetRequiredService<NpgsqlDataSource>(), services.GetServices<SqlMigration>(), ct);
    }

    internal static IReadOnlyList<SqlMigration> Load(Assembly assembly, string set, string resourceFolder)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        ArgumentNullException.ThrowIfNull(resourceFolder);
        var folder = "." + resourceFolder.Trim('/').Replace('/', '.') + ".";
        var migrations = new List<SqlMigration>();
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            var match = FileName().Match(resource);
            if (!match.Success || !resource.AsSpan(0, match.Index).EndsWith(folder, StringComparison.Ordinal))
            {
                continue;
            }

#pragma warning disable MA0045 // Registration is synchronous, and an embedded file is in memory already.
            using var stream = assembly.GetManifestResourceStream(resource)!;
            using var reader = new StreamReader(stream);
            var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
#pragma warning restore MA0045
            migrations.Add(new SqlMigration(set, int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture), match.Groups["name"].Value, sql));
        }

        return migrations.Count > 0
            ? migrations
            : throw new InvalidOperationException($"{assembly.GetName().Name} embeds no migration below {resourceFolder}.");
    }

    [GeneratedRegex(@"(?<number>\d{4})_(?<name>[a-z0-9_]+)\.sql$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex FileName();
}

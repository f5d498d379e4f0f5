using Bxb.Management.ApiKeys;
using Bxb.Management.Authentication;
using Bxb.Management.Contracts;
using Bxb.Management.Metrics;
using Bxb.Management.Organizations;
using Bxb.Management.Storage;
using Bxb.Modularity;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.Management;

/// <summary>Organizations, API keys and billable metrics; authentication of every call. Needs an <see cref="NpgsqlDataSource"/> in the container.</summary>
public sealed class ManagementModule : IModule
{
    /// <inheritdoc />
    public string Name => "Management";

    /// <inheritdoc />
    public void AddServices(IServiceCollection services, IConfigurationSection bxb)
    {
        services.AddValidatedOptions<ManagementOptions>(bxb, Name);
        services.AddValidatedOptions<AdminOptions>(bxb, "");
        services.TryAddSingleton(TimeProvider.System);
        services.AddDbContextFactory<ManagementDbContext>((provider, db) => db
            .UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>(), npgsql => npgsql.MigrationsHistoryTable("migrations", ManagementDbContext.Schema))
            .ConfigureWarnings(log => log
                .Log((RelationalEventId.CommandExecuted, LogLevel.Debug))
                .Ignore(RelationalEventId.CommandError, CoreEventId.SaveChangesFailed, CoreEventId.QueryIterationFailed)));

        services.AddMetrics();
        services.AddSingleton<ManagementInstruments>();
        services.AddSingleton<ApiKeyLookup>();
        services.AddSingleton<ApiKeyCache>();
        services.AddSingleton<BillableMetricLookup>();
        services.AddSingleton(provider => new BillableMetricCatalog(
            provider.GetRequiredService<BillableMetricLookup>().FindAsync, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IOptions<ManagementOptions>>().Value));

        services.AddSingleton(provider => new ManagementBootstrap(
            provider.GetRequiredService<IDbContextFactory<ManagementDbContext>>(), provider.GetRequiredService<ApiKeyCache>(), provider.GetRequiredService<TimeProvider>()));
    }

    /// <inheritdoc />
    public void MapEndpoints(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapOrganizations();
        endpoints.MapApiKeys();
        endpoints.MapBillableMetrics();
    }
}

/// <summary>The middleware and the migration of this module.</summary>
public static class ManagementHosting
{
    /// <summary>Advisory lock that serializes migrations. The number is arbitrary and used nowhere else.</summary>
    private const long MigrationLock = 0x4278_624D_616E_6167;

    /// <summary>
    /// Authenticates calls of every endpoint that requires a scope: 401 without a valid key, 403 without the scope, 503 while keys cannot be looked up. Placed after <c>UseProblemDocuments</c> and
    /// routing.
    /// </summary>
    public static IApplicationBuilder UseApiKeys(this IApplicationBuilder app) => app.UseMiddleware<ApiKeyMiddleware>();

    /// <summary>Migrates the schema <c>management</c>. Several hosts may call this at once. Called before the first request.</summary>
    public static async Task MigrateManagementAsync(this IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(cancellationToken);
        await using var take = new NpgsqlCommand("select pg_advisory_lock($1)", connection) { Parameters = { new() { Value = MigrationLock } }, CommandTimeout = 0 };
        await take.ExecuteNonQueryAsync(cancellationToken);
        try
        {
            await using var db = await services.GetRequiredService<IDbContextFactory<ManagementDbContext>>().CreateDbContextAsync(cancellationToken);
            await db.Database.MigrateAsync(cancellationToken);
        }
        finally
        {
            // Pooled connections keep session locks, so the lock is released even when the start was cancelled.
            await using var give = new NpgsqlCommand("select pg_advisory_unlock($1)", connection) { Parameters = { new() { Value = MigrationLock } } };
            await give.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }
}

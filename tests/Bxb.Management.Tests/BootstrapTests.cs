using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Management.Tests;

[Collection(OneHost.Name)]
public sealed class BootstrapTests(ManagementHost host)
{
    private const string Key = "a-key-that-the-settings-name";

    [Fact]
    public async Task A_first_organization_and_key_are_made_once_however_many_hosts_start()
    {
        (await host.GetAsync("/needs/Read", Key)).ShouldBeProblem(401, "unauthorized");
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.Bootstrap.EnsureAsync("first", Key, default)));
        results.Count(r => r.OrganizationMade).ShouldBe(1);
        results.Count(r => r.Key == Key).ShouldBe(1);
        results.Select(r => (r.OrganizationId, r.KeyId)).Distinct().Count().ShouldBe(1);
        (await host.GetAsync("/needs/Manage", Key)).Text.ShouldBe($"{results[0].OrganizationId}");
    }

    [Fact]
    public async Task A_key_of_another_organization_or_a_revoked_or_a_weak_one_is_refused_without_being_told()
    {
        const string Mine = "the-key-of-somebody-else";
        var made = await host.Bootstrap.EnsureAsync("owner", Mine, default);
        (await Should.ThrowAsync<InvalidOperationException>(host.Bootstrap.EnsureAsync("thief", Mine, default))).Message.ShouldNotContain(Mine);
        (await host.DeleteAsync($"/v1/organizations/{made.OrganizationId}/api_keys/{made.KeyId}", ManagementHost.AdminToken)).Status.ShouldBe(204);
        await Should.ThrowAsync<InvalidOperationException>(host.Bootstrap.EnsureAsync("owner", Mine, default));
        await Should.ThrowAsync<ArgumentException>(host.Bootstrap.EnsureAsync("owner", "short", default));
        await Should.ThrowAsync<ArgumentException>(host.Bootstrap.EnsureAsync("owner", "with a space in it, no", default));
        await Should.ThrowAsync<ArgumentException>(host.Bootstrap.EnsureAsync("", null, default));
    }

    [Fact]
    public async Task A_key_made_by_the_verb_has_its_scopes_only()
    {
        var made = await host.Bootstrap.CreateKeyAsync("verb", "laptop", ApiScopes.Ingest, default);
        made.OrganizationMade.ShouldBeTrue();
        (await host.GetAsync("/needs/Ingest", made.Key)).Status.ShouldBe(200);
        (await host.GetAsync("/needs/Manage", made.Key)).ShouldBeProblem(403, "missing_scope");
        (await host.Bootstrap.CreateKeyAsync("verb", null, ApiScopes.Read | ApiScopes.Manage, default)).OrganizationMade.ShouldBeFalse();
        await Should.ThrowAsync<ArgumentException>(host.Bootstrap.CreateKeyAsync("verb", null, ApiScopes.Admin, default));
        await Should.ThrowAsync<ArgumentException>(host.Bootstrap.CreateKeyAsync("verb", null, ApiScopes.None, default));
    }

    [Fact]
    public async Task The_model_and_its_migrations_agree()
    {
        await using var db = await host.Services.GetRequiredService<IDbContextFactory<ManagementDbContext>>().CreateDbContextAsync();
        db.Database.HasPendingModelChanges().ShouldBeFalse();
        (await db.Database.GetPendingMigrationsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Hosts_that_start_at_once_migrate_once()
    {
        var database = await Testing.TestPostgres.CreateDatabaseAsync();
        var hosts = Enumerable.Range(0, 4).Select(_ => new ManagementHost()).ToList();
        await Task.WhenAll(hosts.Select(h => h.StartAsync(database)));
        (await hosts[0].OrganizationAsync()).Id.ShouldBe(1);
        foreach (var started in hosts)
        {
            await started.DisposeAsync();
        }
    }
}

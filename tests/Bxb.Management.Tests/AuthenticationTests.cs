using Bxb.Management.Authentication;
using Bxb.Modularity.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Bxb.Management.Tests;

[Collection(OneHost.Name)]
public sealed class AuthenticationTests(ManagementHost host)
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer bxb_wrong")]
    [InlineData("Bearer k%C3%BC")]
    public async Task A_request_without_a_valid_key_is_401_and_challenged(string? header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/billable_metrics");
        if (header is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", header);
        }

        using var response = await host.Http.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(401);
        response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
        (await response.Content.ReadAsStringAsync()).ShouldContain("\"code\":\"unauthorized\"");
    }

    [Fact]
    public async Task Two_keys_in_one_request_or_one_that_is_huge_are_401()
    {
        var (_, key, _) = await host.OrganizationAsync();
        using var two = new HttpRequestMessage(HttpMethod.Get, "/v1/billable_metrics");
        two.Headers.TryAddWithoutValidation("Authorization", ["Bearer " + key, "Bearer " + key]);
        ((int)(await host.Http.SendAsync(two)).StatusCode).ShouldBe(401);
        (await host.GetAsync("/v1/billable_metrics", new string('k', 5000))).ShouldBeProblem(401, "unauthorized");
    }

    [Fact]
    public async Task A_key_opens_what_its_scopes_name_and_the_answer_names_the_missing_one()
    {
        var (id, ingest, _) = await host.OrganizationAsync("ingest");
        (await host.GetAsync("/needs/Ingest", ingest)).Text.ShouldBe($"{id}");
        var refused = await host.GetAsync("/needs/Manage", ingest);
        refused.ShouldBeProblem(403, "missing_scope");
        refused.Text.ShouldContain("scope manage");
        (await host.PostAsync("/v1/billable_metrics", ingest, new { code = "x", aggregation_type = "count" })).ShouldBeProblem(403, "missing_scope");
        var list = await host.GetAsync("/v1/billable_metrics", ingest);
        list.ShouldBeProblem(403, "missing_scope");
        list.Text.ShouldContain("read or manage");

        var (_, read, _) = await host.OrganizationAsync("read");
        (await host.GetAsync("/v1/billable_metrics", read)).Status.ShouldBe(200);
        (await host.PostAsync("/v1/billable_metrics", read, new { code = "x", aggregation_type = "count" })).ShouldBeProblem(403, "missing_scope");
    }

    [Fact]
    public async Task The_admin_token_opens_organizations_and_no_organizations_calls()
    {
        var (_, key, _) = await host.OrganizationAsync();
        (await host.GetAsync("/v1/organizations", ManagementHost.AdminToken)).Status.ShouldBe(200);
        (await host.GetAsync("/v1/organizations", key)).ShouldBeProblem(403, "missing_scope");
        (await host.GetAsync("/v1/organizations", ManagementHost.AdminToken + "x")).ShouldBeProblem(401, "unauthorized");
        (await host.GetAsync("/v1/billable_metrics", ManagementHost.AdminToken)).ShouldBeProblem(403, "missing_scope");
        (await host.GetAsync("/needs/Admin", ManagementHost.AdminToken)).Text.ShouldBe("0");
        (await host.GetAsync("/open", null)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Without_an_admin_token_the_admin_calls_are_401()
    {
        var other = new ManagementHost().With("Bxb:AdminToken", null);
        await other.StartAsync(host.Database);
        var (_, key, _) = await host.OrganizationAsync();
        (await other.GetAsync("/v1/organizations", key)).ShouldBeProblem(401, "unauthorized");
        (await other.GetAsync("/v1/organizations", ManagementHost.AdminToken)).ShouldBeProblem(401, "unauthorized");
        (await other.GetAsync("/needs/Read", key)).Status.ShouldBe(200);
        await other.DisposeAsync();
    }

    [Fact]
    public async Task A_revoked_key_is_dead_at_once_here_and_within_five_seconds_on_another_host()
    {
        var (id, key, keyId) = await host.OrganizationAsync();
        var other = new ManagementHost();
        await other.StartAsync(host.Database);
        (await host.GetAsync("/needs/Read", key)).Status.ShouldBe(200);
        (await other.GetAsync("/needs/Read", key)).Status.ShouldBe(200);

        (await host.DeleteAsync($"/v1/organizations/{id}/api_keys/{keyId}", ManagementHost.AdminToken)).Status.ShouldBe(204);

        (await host.GetAsync("/needs/Read", key)).ShouldBeProblem(401, "unauthorized");
        (await other.GetAsync("/needs/Read", key)).Status.ShouldBe(200);
        other.Clock.Advance(TimeSpan.FromSeconds(4.5));
        (await other.GetAsync("/needs/Read", key)).ShouldBeProblem(401, "unauthorized");
        (await host.DeleteAsync($"/v1/organizations/{id}/api_keys/{keyId}", ManagementHost.AdminToken)).ShouldBeProblem(404, "not_found");
        await other.DisposeAsync();
    }

    [Fact]
    public async Task While_the_database_is_away_a_remembered_key_lives_to_its_end_and_every_other_is_503()
    {
        var database = await Testing.TestPostgres.CreateDatabaseAsync();
        var away = new ManagementHost();
        await away.StartAsync(database);
        var (_, key, _) = await away.OrganizationAsync();
        (await away.GetAsync("/needs/Read", key)).Status.ShouldBe(200);
        await RenameAsync(database, allow: false);

        (await away.GetAsync("/needs/Read", key)).Status.ShouldBe(200);
        (await away.GetAsync("/needs/Read", "bxb_never_seen_before")).ShouldBeProblem(503, "unavailable");
        away.Clock.Advance(TimeSpan.FromSeconds(4.5));
        (await away.GetAsync("/needs/Read", key)).ShouldBeProblem(503, "unavailable");

        await RenameAsync(database, allow: true);
        (await away.GetAsync("/needs/Read", key)).Status.ShouldBe(200);
        await away.DisposeAsync();
    }

    [Fact]
    public async Task A_flood_of_wrong_keys_leaves_memory_bounded_and_right_keys_alive()
    {
        var small = new ManagementHost().With("Bxb:Management:MaxCachedKeys", "16");
        await small.StartAsync(host.Database);
        var (_, key, _) = await small.OrganizationAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), async (i, _) => (await small.GetAsync("/needs/Read", $"bxb_wrong_{i}")).Status.ShouldBe(401));
        small.Services.GetRequiredService<ApiKeyCache>().Count.ShouldBeLessThanOrEqualTo(32);
        (await small.GetAsync("/needs/Read", key)).Status.ShouldBe(200);
        await small.DisposeAsync();
    }

    [Fact]
    public async Task A_remembered_key_is_found_without_an_allocation()
    {
        var (_, key, _) = await host.OrganizationAsync();
        (await host.GetAsync("/needs/Read", key)).Status.ShouldBe(200);
        var cache = host.Services.GetRequiredService<ApiKeyCache>();
        Caller? caller = null;
        for (var warm = 0; warm < 1000; warm++)
        {
            cache.TryGet(KeyHash.Of(key), out caller).ShouldBeTrue();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            cache.TryGet(KeyHash.Of(key), out caller);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1000);
        caller.ShouldNotBeNull();
    }

    [Fact]
    public async Task The_key_is_nowhere_but_in_its_one_answer()
    {
        var (id, key, _) = await host.OrganizationAsync();
        (await host.GetAsync("/needs/Read", key)).Status.ShouldBe(200);
        (await host.GetAsync($"/v1/organizations/{id}/api_keys", ManagementHost.AdminToken)).Text.ShouldNotContain(key);
        key.ShouldStartWith("bxb_");
        key.Length.ShouldBe(4 + 43);
        host.Logs.Lines.ShouldNotContain(line => line.Contains(key, StringComparison.Ordinal) || line.Contains(ManagementHost.AdminToken, StringComparison.Ordinal));

        await using var command = host.DataSource.CreateCommand("select string_agg(k::text, ' ') from management.api_keys k");
        ((string)(await command.ExecuteScalarAsync())!).ShouldNotContain(key);
        await using var hash = host.DataSource.CreateCommand("select count(*) from management.api_keys where hash = sha256(convert_to($1, 'UTF8'))");
        hash.Parameters.AddWithValue(key);
        (await hash.ExecuteScalarAsync()).ShouldBe(1L);
    }

    /// <summary>Shuts the database for everybody and ends who is in it.</summary>
    private static async Task RenameAsync(string database, bool allow)
    {
        var name = new NpgsqlConnectionStringBuilder(database).Database;
        var admin = new NpgsqlConnectionStringBuilder(database) { Database = "postgres", Pooling = false }.ConnectionString;
        await using var connection = new NpgsqlConnection(admin);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            $"alter database {name} allow_connections {allow}; select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'", connection);
        await command.ExecuteNonQueryAsync();
    }
}

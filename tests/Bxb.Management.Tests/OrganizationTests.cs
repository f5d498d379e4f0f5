using System.Text.Json;

namespace Bxb.Management.Tests;

[Collection(OneHost.Name)]
public sealed class OrganizationTests(ManagementHost host)
{
    private const string Admin = ManagementHost.AdminToken;

    [Fact]
    public async Task An_organization_is_made_once_per_name_and_listed_in_pages()
    {
        var names = new[] { "Jos\u00e9 & S\u00f6hne", "\U0001F600", new string('n', 255) };
        foreach (var name in names)
        {
            var made = await host.PostAsync("/v1/organizations", Admin, new { name });
            made.Status.ShouldBe(201, made.Text);
            made.Json.GetProperty("id").GetInt32().ShouldBeGreaterThan(0);
            made.Json.GetProperty("name").GetString().ShouldBe(name);
            (await host.PostAsync("/v1/organizations", Admin, new { name })).ShouldBeProblem(409, "already_exists");
        }

        var listed = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await host.GetAsync("/v1/organizations?limit=2" + (cursor is null ? "" : $"&cursor={cursor}"), Admin)).Json;
            var entries = page.GetProperty("organizations").EnumerateArray().ToList();
            entries.Count.ShouldBeInRange(1, 2);
            listed.AddRange(entries.Select(o => o.GetProperty("name").GetString()!));
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        names.ShouldBeSubsetOf(listed);
        listed.ShouldBeUnique();
    }

    [Theory]
    [InlineData("{}", "/name")]
    [InlineData("""{"name":null}""", "/name")]
    [InlineData("""{"name":""}""", "/name")]
    [InlineData("""{"name":5}""", "/name")]
    [InlineData("""{"name":"a\u0000b"}""", "/name")]
    [InlineData("""{"name":"a","id":7}""", "/id")]
    [InlineData("""{"name":"a","Name":"b"}""", "/Name")]
    [InlineData("""["a"]""", "")]
    [InlineData("null", "")]
    public async Task A_bad_organization_is_422_and_says_where(string body, string pointer)
    {
        var answer = await host.PostAsync("/v1/organizations", Admin, body);
        answer.ShouldBeProblem(422, "validation_failed");
        answer.Pointers.ShouldBe([pointer]);
        answer.Text.ShouldNotContain("Bxb.");
    }

    [Fact]
    public async Task A_name_of_256_characters_is_refused()
        => (await host.PostAsync("/v1/organizations", Admin, new { name = new string('n', 256) })).ShouldBeProblem(422, "validation_failed");

    [Fact]
    public async Task Keys_have_the_scopes_that_were_asked_for_and_all_of_them_by_default()
    {
        var (id, _, first) = await host.OrganizationAsync();
        var named = await host.PostAsync($"/v1/organizations/{id}/api_keys", Admin, new { name = "reader", scopes = new[] { "read" } });
        named.Status.ShouldBe(201, named.Text);
        var bare = await host.SendAsync(HttpMethod.Post, $"/v1/organizations/{id}/api_keys", Admin);
        bare.Status.ShouldBe(201, bare.Text);
        Scopes(bare.Json).ShouldBe(["ingest", "read", "manage"]);

        var keys = (await host.GetAsync($"/v1/organizations/{id}/api_keys", Admin)).Json.GetProperty("api_keys").EnumerateArray().ToList();
        keys.Select(k => k.GetProperty("id").GetInt64()).ShouldBe([first, named.Json.GetProperty("id").GetInt64(), bare.Json.GetProperty("id").GetInt64()]);
        keys[1].GetProperty("name").GetString().ShouldBe("reader");
        Scopes(keys[1]).ShouldBe(["read"]);
        keys.ShouldAllBe(k => !HasMember(k, "key"));

        (await host.DeleteAsync($"/v1/organizations/{id}/api_keys/{first}", Admin)).Status.ShouldBe(204);
        (await host.GetAsync($"/v1/organizations/{id}/api_keys", Admin)).Json.GetProperty("api_keys").GetArrayLength().ShouldBe(2);
    }

    [Theory]
    [InlineData("""{"scopes":[]}""", "/scopes")]
    [InlineData("""{"scopes":["admin"]}""", "/scopes/0")]
    [InlineData("""{"scopes":["read","READ"]}""", "/scopes/1")]
    [InlineData("""{"scopes":["read","read"]}""", "/scopes")]
    [InlineData("""{"scopes":"read"}""", "/scopes")]
    [InlineData("""{"scopes":[null]}""", "/scopes/0")]
    [InlineData("""{"name":""}""", "/name")]
    [InlineData("""{"key":"mine"}""", "/key")]
    public async Task A_bad_key_is_422_and_says_where(string body, string pointer)
    {
        var (id, _, _) = await host.OrganizationAsync();
        var answer = await host.PostAsync($"/v1/organizations/{id}/api_keys", Admin, body);
        answer.ShouldBeProblem(422, "validation_failed");
        answer.Pointers.ShouldBe([pointer]);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("2147483647")]
    [InlineData("99999999999999999999")]
    [InlineData("abc")]
    [InlineData("%31%00")]
    public async Task An_organization_that_is_not_there_is_404(string id)
    {
        var path = $"/v1/organizations/{id}/api_keys";
        var listed = await host.GetAsync(path, Admin);
        listed.Status.ShouldBeOneOf(404, 400);
        if (listed.Status == 404)
        {
            listed.ShouldBeProblem(404, "not_found");
            (await host.PostAsync(path, Admin, new { })).ShouldBeProblem(404, "not_found");
            (await host.DeleteAsync(path + "/1", Admin)).ShouldBeProblem(404, "not_found");
        }
    }

    [Fact]
    public async Task A_key_is_revoked_through_its_own_organization_only()
    {
        var (_, key, keyId) = await host.OrganizationAsync();
        var (other, _, _) = await host.OrganizationAsync();
        (await host.DeleteAsync($"/v1/organizations/{other}/api_keys/{keyId}", Admin)).ShouldBeProblem(404, "not_found");
        (await host.GetAsync("/needs/Read", key)).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("limit=1&limit=2", "limit")]
    [InlineData("cursor=%20", "cursor")]
    [InlineData("cursor=AAAA", "cursor")]
    [InlineData("page=2", "page")]
    public async Task A_bad_query_parameter_is_400_and_named(string query, string name)
    {
        var answer = await host.GetAsync("/v1/organizations?" + query, Admin);
        answer.ShouldBeProblem(400, "invalid_parameter");
        answer.Pointers.ShouldBe([name]);
    }

    private static bool HasMember(JsonElement value, string name) => value.TryGetProperty(name, out _);

    private static IEnumerable<string?> Scopes(JsonElement key) => key.GetProperty("scopes").EnumerateArray().Select(s => s.GetString());
}

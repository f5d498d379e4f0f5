using System.Text;
using Microsoft.AspNetCore.Http;

namespace Bxb.ClickHouse.Tests;

public class RequestTests
{
    private sealed record Seen(string Path, Dictionary<string, string> Query, string Authorization, string ContentType, byte[] Body, Dictionary<string, string> Form);

    [Fact]
    public async Task A_query_travels_as_the_body_its_parameters_and_settings_in_the_url()
    {
        var statement = new ClickHouseStatement("SELECT {a:String}, {b:Int64}, {c:DateTime64(3,'UTC')}, {d:Array(String)}, {e:Array(Int64)}, {f:Nullable(String)}")
        {
            QueryId = "q 1",
        };
        statement.With("a", "tab\t new\n back\\ quote' é&=%").With("b", long.MinValue).With("c", new DateTimeOffset(2026, 1, 1, 2, 0, 0, 5, TimeSpan.FromHours(2)))
            .With("d", ["x'y", "", "ü\\"]).With("e", [1L, -2L]).With("f", (string?)null).Set("max_threads", 2);

        var seen = await SendAsync(c => ReadAsync(c, statement));

        seen.Path.ShouldBe("/");
        seen.Authorization.ShouldBe("Basic " + Convert.ToBase64String("us@er:pa:ss"u8));
        Encoding.UTF8.GetString(seen.Body).ShouldContain("\n" + statement.Sql + "\n)\nFORMAT RowBinaryWithNamesAndTypes");
        seen.Query.ShouldBe(new Dictionary<string, string>
        {
            ["database"] = "da ta",
            ["wait_end_of_query"] = "0",
            ["query_id"] = "q 1",
            ["max_threads"] = "2",
            ["max_execution_time"] = "30",
            ["param_a"] = @"tab\t new\n back\\ quote\' é&=%",
            ["param_b"] = "-9223372036854775808",
            ["param_c"] = "2026-01-01 00:00:00.005",
            ["param_d"] = @"['x\'y','','ü\\']",
            ["param_e"] = "[1,-2]",
            ["param_f"] = @"\N",
        }, ignoreOrder: true);
    }

    [Fact]
    public async Task Long_parameters_travel_as_a_form()
    {
        var values = Enumerable.Range(0, 10_000).Select(i => $"value {i} ö").ToList();
        var seen = await SendAsync(c => ReadAsync(c, new ClickHouseStatement("SELECT {v:Array(String)}").With("v", values)));

        seen.ContentType.ShouldStartWith("multipart/form-data");
        seen.Form["query"].ShouldContain("\nSELECT {v:Array(String)}\n)\nFORMAT RowBinaryWithNamesAndTypes");
        seen.Form["param_v"].ShouldBe("['" + string.Join("','", values) + "']");
        seen.Query.Keys.ShouldNotContain("param_v");
    }

    [Fact]
    public async Task Rows_are_the_body_of_an_insert_and_its_text_stands_in_the_url()
    {
        const string Sql = "INSERT INTO t (a) SELECT a FROM input('a String') WHERE a != {x:String} FORMAT RowBinary";
        var rows = new byte[300_000];
        Random.Shared.NextBytes(rows);
        var seen = await SendAsync(c => Should.ThrowAsync<ClickHouseException>(() => c.InsertAsync(new ClickHouseStatement(Sql).With("x", "1").Set("insert_deduplication_token", "1-2"), rows)));

        seen.Query["query"].ShouldBe(Sql);
        seen.Query["param_x"].ShouldBe("1");
        seen.Query["insert_deduplication_token"].ShouldBe("1-2");
        seen.Body.SequenceEqual(rows).ShouldBeTrue();
    }

    [Fact]
    public async Task The_servers_name_is_remembered_and_sync_says_whether_there_is_one()
    {
        var name = "one";
        await using var fake = await FakeClickHouse.StartAsync(c =>
        {
            c.Response.Headers["X-ClickHouse-Server-Display-Name"] = name;
            c.Response.StatusCode = c.Request.Path == "/bxb/sync" && name == "two" ? 404 : 200;
            return Task.CompletedTask;
        });
        using var client = fake.Client();
        client.ServerInstance.ShouldBeNull();
        (await client.SyncAsync()).ShouldBeTrue();
        client.ServerInstance.ShouldBe("one");
        name = "two";
        (await client.SyncAsync()).ShouldBeFalse();
        client.ServerInstance.ShouldBe("two");
    }

    [Theory]
    [InlineData("SELECT 1; DROP TABLE t")]
    [InlineData("SELECT 1;")]
    [InlineData("SELECT 'it''s' ;")]
    [InlineData("SELECT '\\' ; ")]
    [InlineData("SELECT 1 /* open ")]
    [InlineData("SELECT $x$ open")]
    [InlineData(" ")]
    public void More_than_one_statement_is_refused(string sql) => Should.Throw<ArgumentException>(() => new ClickHouseStatement(sql));

    [Theory]
    [InlineData("SELECT ';', \";\", `;` -- ;\n, 1 /* ; */, $$;$$, $a$;$a$, '\\';', 'a'';'")]
    [InlineData("SELECT 1 - -1, 2 / 3, '$' -- it's")]
    public void A_semicolon_within_quotes_and_comments_is_none(string sql) => new ClickHouseStatement(sql).Sql.ShouldBe(sql);

    [Fact]
    public void A_parameter_is_bound_once_and_a_url_has_to_be_one()
    {
        Should.Throw<ArgumentException>(() => new ClickHouseStatement("SELECT 1").With("a", 1).With("a", 2));
        Should.Throw<ArgumentException>(() => new ClickHouseClient(new()));
        Should.Throw<ArgumentException>(() => new ClickHouseClient(new() { Url = new Uri("tcp://localhost:9000") }));
    }

    private static async Task<Seen> SendAsync(Func<ClickHouseClient, Task> call)
    {
        Seen? seen = null;
        await using var fake = await FakeClickHouse.StartAsync(async c =>
        {
            var form = c.Request.HasFormContentType ? (await c.Request.ReadFormAsync()).ToDictionary(f => f.Key, f => f.Value.Single()!) : [];
            var body = new MemoryStream();
            if (form.Count == 0)
            {
                await c.Request.Body.CopyToAsync(body);
            }

            seen = new(c.Request.Path, c.Request.Query.ToDictionary(q => q.Key, q => q.Value.Single()!), c.Request.Headers.Authorization!, c.Request.ContentType ?? "", body.ToArray(), form);
        });
        using var client = fake.Client();
        await call(client);
        return seen.ShouldNotBeNull();
    }

    private static async Task ReadAsync(ClickHouseClient client, ClickHouseStatement statement) =>
        (await Should.ThrowAsync<ClickHouseException>(() => client.QueryAsync(statement))).IsUnproven.ShouldBeTrue("an empty answer");
}

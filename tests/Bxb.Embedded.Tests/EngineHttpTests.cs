using System.Net;
using System.Text;
using Bxb.Testing;

namespace Bxb.Embedded.Tests;

public sealed class EngineHttpTests
{
    private const string Late = "SELECT throwIf(number = 3000000) FROM numbers(4000000)";

    [Fact]
    public async Task Rows_with_line_breaks_and_every_byte_arrive_as_they_were_sent()
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        await TestClickHouse.ExecuteAsync(database, "CREATE TABLE t (a UInt8, s String) ENGINE = MergeTree ORDER BY a");
        var every = Enumerable.Range(0, 120).Select(i => (byte)i).Concat("\n\n;\r\n"u8.ToArray()).ToArray();
        byte[] rows = [1, (byte)"x\n\ny".Length, .. "x\n\ny"u8, 2, (byte)every.Length, .. every];
        var insert = Uri.EscapeDataString("INSERT INTO t (a, s) SELECT a, s FROM input('a UInt8, s String') WHERE a NOT IN (SELECT a FROM t) SETTINGS max_threads = 1 FORMAT RowBinary");
        for (var repeat = 0; repeat < 2; repeat++)
        {
            using var answer = await EngineHttp.PostAsync(database, $"query={insert}", rows);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        }

        (await EngineHttp.TextAsync(database, "", "SELECT a, hex(s) FROM t ORDER BY a"))
            .ShouldBe($"1\t{Convert.ToHexString("x\n\ny"u8)}\n2\t{Convert.ToHexString(every)}\n");
        using var empty = await EngineHttp.PostAsync(database, $"query={insert}", []);
        empty.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Rows_may_stand_behind_the_statement_in_the_body_in_any_format()
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        await TestClickHouse.ExecuteAsync(database, "CREATE TABLE t (a UInt8, s String) ENGINE = MergeTree ORDER BY a");
        await EngineHttp.TextAsync(database, "", "INSERT INTO t VALUES (1, 'it''s;\n\n'), (2, 'b');");
        await EngineHttp.TextAsync(database, "", "INSERT INTO t (s, a) FORMAT JSONEachRow\n{\"a\":3,\"s\":\"é\"}");
        await EngineHttp.TextAsync(database, "query=" + Uri.EscapeDataString("INSERT INTO t FORMAT TabSeparated"), "4\tc\n");
        (await EngineHttp.TextAsync(database, "", "SELECT groupArray((a, s)) FROM (SELECT * FROM t ORDER BY a)"))
            .ShouldBe("[(1,'it\\'s;\\n\\n'),(2,'b'),(3,'é'),(4,'c')]\n");
    }

    [Theory]
    [InlineData("'; DROP TABLE t; --")]
    [InlineData("a`b\"c$$d{x:String}")]
    [InlineData("日本語 🎉 \u0000 end")]
    public async Task A_parameter_is_text_whatever_it_holds(string hostile)
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        var value = hostile.Replace("\\", "\\\\").Replace("\n", "\\n").Replace("\t", "\\t").Replace("\0", "\\0");
        (await EngineHttp.TextAsync(database, $"param_x={Uri.EscapeDataString(value)}", "SELECT hex({x:String})")).ShouldBe(Convert.ToHexString(Encoding.UTF8.GetBytes(hostile)) + "\n");
        using var form = new MultipartFormDataContent { { new StringContent("SELECT hex({x:String}), length({many:Array(UInt32)})"), "query" }, { new StringContent(value), "param_x" } };
        form.Add(new StringContent($"[{string.Join(',', Enumerable.Range(0, 200_000))}]"), "param_many");
        using var answer = await EngineHttp.SendAsync(database, "", form);
        (await answer.Content.ReadAsStringAsync()).ShouldBe(Convert.ToHexString(Encoding.UTF8.GetBytes(hostile)) + "\t200000\n");
    }

    [Theory]
    [InlineData("SELECT nothing", "", 404, "47")]
    [InlineData("SELECT * FROM nowhere", "", 404, "60")]
    [InlineData("SELEC 1", "", 400, "62")]
    [InlineData("", "", 400, "62")]
    [InlineData(";", "", 400, "62")]
    [InlineData("SELECT 1; SELECT 2", "", 400, "62")]
    [InlineData("SELECT 1", "no_such_setting=1", 404, "115")]
    [InlineData("SELECT 1", "max_threads=many", 400, "27")]
    [InlineData("SELECT {x:UInt8}", "", 400, "456")]
    [InlineData("SELECT {x:UInt8}", "param_x=a", 400, "457")]
    [InlineData("SELECT 1 FORMAT Nonsense", "", 404, "73")]
    [InlineData("SET max_threads = 1", "", 501, "48")]
    [InlineData("SELECT 1", "session_id=x", 400, "36")]
    [InlineData("SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1", "max_execution_time=1", 408, "159")]
    [InlineData("SELECT groupArray(number) FROM numbers(500000000)", "", 500, "241")]
    public async Task An_error_has_the_servers_code_and_status_and_the_next_request_is_fine(string sql, string query, int status, string code)
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        var error = await EngineHttp.ErrorAsync(database, query, sql);
        (error.Status, error.Code).ShouldBe((status, code), error.Text);
        error.Text.ShouldStartWith($"Code: {code}. DB::Exception: ");
        (await EngineHttp.TextAsync(database, "", "SELECT 1")).ShouldBe("1\n");
    }

    [Fact]
    public async Task An_error_after_the_first_rows_stands_at_the_end_behind_the_tag()
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        using var answer = await EngineHttp.PostAsync(database, "default_format=RowBinary", Late);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var tag = answer.Headers.GetValues("X-ClickHouse-Exception-Tag").Single();
        var end = Encoding.Latin1.GetString(await answer.Content.ReadAsByteArrayAsync());
        var frame = $"\r\n__exception__\r\n{tag}\r\nCode: 395. DB::Exception: ";
        end.ShouldContain(frame);
        end.ShouldEndWith($" {tag}\r\n__exception__\r\n");
        (await EngineHttp.ErrorAsync(database, "wait_end_of_query=1", Late)).Code.ShouldBe("395");
    }

    [Fact]
    public async Task Settings_and_database_of_a_request_do_not_reach_the_next()
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        const string Sql = "SELECT currentDatabase(), getSetting('max_block_size'), getSetting('max_memory_usage')";
        var before = await EngineHttp.TextAsync(database, "", Sql);
        for (var i = 0; i < 20; i++)
        {
            (await EngineHttp.TextAsync(database, "max_block_size=7&max_memory_usage=400000000", Sql)).ShouldEndWith("\t7\t400000000\n");
            (await EngineHttp.ErrorAsync(database, "max_block_size=7&no_such_setting=1", Sql)).Code.ShouldBe("115");
        }

        var after = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => EngineHttp.TextAsync(database, "", Sql)));
        after.ShouldAllBe(text => text == before);
    }

    [Fact]
    public async Task A_streamed_answer_is_the_same_as_one_taken_whole()
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        await TestClickHouse.ExecuteAsync(database, "CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a");
        await TestClickHouse.ExecuteAsync(database, "INSERT INTO t SELECT number, toString(sipHash64(number)) FROM numbers(300000)");
        foreach (var sql in new[]
        {
            "SELECT a, s FROM t ORDER BY a", "SELECT a FROM t WHERE a % 50021 = 3 ORDER BY a", "SELECT a FROM t WHERE s = 'none'", "SELECT 1 AS `x\ny` WHERE 0",
            "SELECT s, count() FROM t GROUP BY s ORDER BY s", "SELECT a FROM t WHERE a IN (0, 299999) ORDER BY a", "SELECT count(), sum(a) FROM t",
        })
        {
            foreach (var format in new[] { "RowBinaryWithNamesAndTypes", "RowBinaryWithNames", "RowBinary", "JSONCompact", "JSONEachRow", "TabSeparatedWithNames", "TabSeparated" })
            {
                var streamed = await EngineHttp.TextAsync(database, $"default_format={format}", sql);
                var whole = await EngineHttp.TextAsync(database, $"default_format={format}&wait_end_of_query=1", sql);
                Rows(streamed).ShouldBe(Rows(whole), $"{format}: {sql}");
            }
        }

        static string Rows(string text) => text.Split("\"statistics\"")[0];
    }

    [Fact]
    public async Task Credentials_are_asked_for_and_get_changes_nothing()
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        (await EngineHttp.ErrorAsync(new UriBuilder(database) { Password = "guess" }.Uri, "", "SELECT 1")).ShouldSatisfyAllConditions(e => e.Status.ShouldBe(403), e => e.Code.ShouldBe("516"));
        var (status, code, _) = await EngineHttp.ErrorAsync(new UriBuilder(database) { UserName = "", Password = "" }.Uri, "", "SELECT 1");
        (status, code).ShouldBe((401, "194"));
        using var drop = await EngineHttp.SendAsync(database, "query=" + Uri.EscapeDataString("CREATE TABLE t (a UInt8) ENGINE = Memory"), content: null);
        drop.Headers.GetValues("X-ClickHouse-Exception-Code").Single().ShouldBe("164");
        using var sync = await EngineHttp.PostAsync(new Uri($"http://{database.Authority}/bxb/sync"), "", "");
        sync.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_drop_with_sync_returns()
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        await TestClickHouse.ExecuteAsync(database, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a");
        await TestClickHouse.ExecuteAsync(database, "DROP TABLE t SYNC;");
        (await TestClickHouse.ExecuteAsync(database, "SHOW TABLES")).ShouldBeEmpty();
    }
}

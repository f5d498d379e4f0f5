using Bxb.Embedded.Engine;
using Bxb.Embedded.Engine.Sql;

namespace Bxb.Embedded.Tests;

public sealed class StatementTests
{
    [Theory]
    [InlineData(
        "INSERT INTO t (a) SELECT a FROM input('a JSON(max_dynamic_paths=32), b DateTime64(3,\\'UTC\\')') WHERE a > 0 SETTINGS x = 1 FORMAT RowBinary",
        "INSERT INTO t (a) SELECT a FROM file('/f', 'RowBinary', 'a JSON(max_dynamic_paths=32), b DateTime64(3,\\'UTC\\')') WHERE a > 0 SETTINGS x = 1 ")]
    [InlineData("insert into t select * from input ( $$a UInt8$$ ) format RowBinary;", "insert into t select * from file('/f', 'RowBinary', $$a UInt8$$) ")]
    [InlineData("INSERT INTO t SELECT 'input(''x'')', * FROM input('a UInt8') FORMAT CSV", "INSERT INTO t SELECT 'input(''x'')', * FROM file('/f', 'CSV', 'a UInt8') ")]
    [InlineData("INSERT INTO `db`.t (a, b) SETTINGS async_insert = 0 FORMAT JSONEachRow", "INSERT INTO `db`.t (a, b)  SELECT * FROM file('/f', 'JSONEachRow') SETTINGS async_insert = 0 ")]
    public void An_insert_reads_its_rows_from_a_file(string sql, string expected)
    {
        var statement = Statement.Parse(sql);
        statement.TakesRows.ShouldBeTrue();
        statement.WithRowsFrom("/f").ShouldBe(expected);
    }

    [Theory]
    [InlineData("INSERT INTO t FORMAT RowBinary\nabc", "abc")]
    [InlineData("INSERT INTO t FORMAT RowBinary \r\nabc", "abc")]
    [InlineData("INSERT INTO t VALUES (1);(2)", "(1);(2)")]
    [InlineData("INSERT INTO t FORMAT TSV\n\n", "\n")]
    [InlineData("INSERT INTO t SELECT 1", "")]
    [InlineData("INSERT INTO t SELECT * FROM VALUES('a UInt8', 1)", "")]
    public void The_rows_begin_where_the_statement_ends(string text, string rows) => text[Statement.Parse(text).DataStart..].ShouldBe(rows);

    [Theory]
    [InlineData("DROP TABLE t SYNC", "DROP TABLE t ")]
    [InlineData("drop database d no delay ; ", "drop database d ")]
    [InlineData("DROP TABLE `SYNC`", "DROP TABLE `SYNC`")]
    [InlineData("ALTER TABLE t DELETE WHERE sync", "ALTER TABLE t DELETE WHERE sync")]
    public void A_drop_loses_its_sync(string sql, string expected) => Statement.Parse(sql).WithoutSync().ShouldBe(expected);

    [Theory]
    [InlineData("SELECT ';' -- ; \n /* ; */ ;;", "SELECT ';'")]
    [InlineData("SELECT $x$ ; $x$", "SELECT $x$ ; $x$")]
    [InlineData("SELECT `a;b`, \"c;d\", 'it\\';', 'it'';'", "SELECT `a;b`, \"c;d\", 'it\\';', 'it'';'")]
    public void A_semicolon_inside_quotes_or_comments_ends_nothing(string sql, string expected) => Statement.Parse(sql).Sql.ShouldBe(expected);

    [Theory]
    [InlineData("KILL QUERY WHERE query_id = 'x' SYNC", "'x'")]
    [InlineData("kill query where query_id={id:String} sync", "{id:String}")]
    [InlineData("KILL QUERY WHERE query_id = 'x'", "'x'")]
    [InlineData("KILL QUERY WHERE elapsed > 1", null)]
    [InlineData("SELECT 1", null)]
    [InlineData("KILL QUERY WHERE startsWith(query_id, {id:String}) SYNC", "{id:String}")]
    [InlineData("KILL QUERY WHERE startsWith(query_id, 'a') AND position(query_id, ',3,') > 0 SYNC", "'a'", "',3,'")]
    [InlineData("kill query where startsWith(query_id, {id:String}) and position(query_id, {part:String})>0", "{id:String}", "{part:String}")]
    [InlineData("KILL QUERY WHERE startsWith(query_id, 'a') AND position(query_id, ',3,') > 1", null)]
    [InlineData("KILL QUERY WHERE startsWith(query_id, 'a') AND elapsed > 0", null)]
    public void The_plain_forms_of_kill_are_known(string sql, string? id, string containing = "")
    {
        var killed = Statement.Parse(sql).KilledQueries();
        killed?.Token.ShouldBe(id);
        killed?.Containing.ShouldBe(containing);
        killed.HasValue.ShouldBe(id is not null);
        killed?.IsPrefix.ShouldBe(sql.Contains("startsWith", StringComparison.Ordinal));
    }

    [Fact]
    public void A_format_may_be_called_like_a_clause() =>
        Statement.Parse("INSERT INTO t FORMAT SETTINGS   */ #").WithRowsFrom("/f").ShouldBe("INSERT INTO t  SELECT * FROM file('/f', 'SETTINGS') ");

    [Fact]
    public void Any_text_at_all_is_parsed_or_refused()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        string[] pieces =
        [
            "SELECT", "INSERT INTO t", "FORMAT", "RowBinary", "VALUES", "input", "(", ")", "'", "\"", "`", "$$", "$a$", "\\", ";", "--", "/*", "*/", "\n", " ", "SYNC", "KILL QUERY WHERE query_id =",
            "SETTINGS", "é", "\0", ",", "#",
        ];
        for (var i = 0; i < 20_000; i++)
        {
            var sql = string.Join(random.Next(2) == 0 ? " " : "", Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                var statement = Statement.Parse(sql);
                _ = statement.WithoutSync() + statement.KilledQueries() + statement.OutputFormat + sql[statement.DataStart..] + (statement.TakesRows ? statement.WithRowsFrom("/f") : "");
            }
            catch (EngineException)
            {
                continue;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {sql}", e);
            }
        }
    }
}

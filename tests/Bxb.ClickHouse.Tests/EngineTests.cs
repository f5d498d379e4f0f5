using System.Text;
using Bxb.Primitives.Migrations;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.ClickHouse.Tests;

/// <summary>The client against the real engine.</summary>
public class EngineTests
{
    [Fact]
    public async Task Parameters_arrive_as_they_are_short_or_long()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        using var client = await ClientAsync();
        foreach (var count in new[] { 0, 1, 20, 3_000 })
        {
            var texts = Enumerable.Range(0, count).Select(_ => Hostile(random)).ToList();
            var one = Hostile(random);
            await using var row = await client.QueryAsync(
                new ClickHouseStatement("SELECT {a:Array(String)}, {s:String}, {n:Nullable(String)}, {i:Array(Int64)}, {t:DateTime64(3,'UTC')}, {u:UInt64}, {x:Array(DateTime64(3,'UTC'))}")
                    .With("a", texts).With("s", one).With("n", (string?)null).With("i", [1L, long.MinValue]).With("t", new DateTimeOffset(1970, 1, 1, 1, 0, 0, 7, TimeSpan.FromHours(1)))
                    .With("u", ulong.MaxValue).With("x", [DateTimeOffset.UnixEpoch]));
            (await row.ReadAsync()).ShouldBeTrue();
            row.GetStrings(0).ShouldBe(texts, $"seed {seed}");
            row.GetString(1).ShouldBe(one, $"seed {seed}");
            row.IsNull(2).ShouldBeTrue();
            row.GetTime(4).ShouldBe(DateTimeOffset.UnixEpoch.AddMilliseconds(7));
            row.GetUInt64(5).ShouldBe(ulong.MaxValue);
        }
    }

    [Fact]
    public async Task Rows_go_in_as_they_were_written_and_come_back()
    {
        using var client = await ClientAsync();
        await client.ExecuteAsync(new("CREATE TABLE t (n UInt64, s LowCardinality(String), d DateTime64(3,'UTC'), m Nullable(Int32)) ENGINE = MergeTree ORDER BY n"));
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        using var writer = new RowBinaryWriter();
        var texts = new List<string>();
        for (var i = 0; i < 5_000; i++)
        {
            // Two line feeds in a row, and whatever else may look like an end.
            texts.Add(i % 3 == 0 ? "\n\n" : Hostile(random));
            writer.WriteUInt64((ulong)i);
            writer.WriteString(texts[i]);
            writer.WriteInt64(1_767_225_600_000 + i);
            writer.WriteUInt8((byte)(i % 2));
            if (i % 2 == 0)
            {
                writer.WriteUInt32(unchecked((uint)-i));
            }
        }

        await client.InsertAsync(
            new("INSERT INTO t (n, s, d, m) SELECT n, s, d, m FROM input('n UInt64, s String, d DateTime64(3), m Nullable(Int32)') FORMAT RowBinary"), writer.WrittenMemory);

        await using var rows = await client.QueryAsync(new("SELECT n, s, d, m, toTypeName(s) FROM t ORDER BY n"));
        for (var i = 0; i < 5_000; i++)
        {
            (await rows.ReadAsync()).ShouldBeTrue();
            (rows.GetInt64(0), rows.GetString(1), rows.GetTime(2).ToUnixTimeMilliseconds()).ShouldBe((i, texts[i], 1_767_225_600_000 + i), $"seed {seed}");
            (rows.IsNull(3) ? 1 : rows.GetInt64(3)).ShouldBe(i % 2 == 0 ? -i : 1);
        }

        (await rows.ReadAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_large_result_streams_and_an_exception_in_its_middle_is_found()
    {
        using var client = await ClientAsync();
        await using (var rows = await client.QueryAsync(new("SELECT number, toString(number) FROM numbers(300000)")))
        {
            ulong count = 0;
            while (await rows.ReadAsync())
            {
                rows.GetUInt64(0).ShouldBe(count++);
            }

            count.ShouldBe(300_000UL);
        }

        var error = await Should.ThrowAsync<ClickHouseException>(async () =>
        {
            await using var rows = await client.QueryAsync(new ClickHouseStatement("SELECT number, throwIf(number = 250000, 'late') FROM numbers(300000)").Set("max_block_size", 1000).Set("max_threads", 1));
            ulong count = 0;
            while (await rows.ReadAsync())
            {
                rows.GetUInt64(0).ShouldBe(count++);
            }
        });
        (error.Code, error.Name, error.IsTransient).ShouldBe((395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", false));
    }

    [Theory]
    [InlineData("SELECT * FROM nothing", 60, false)]
    [InlineData("SELEC 1", 62, false)]
    [InlineData("SELECT sum(number) FROM numbers(100000000000) SETTINGS max_execution_time = 0.1", 159, true)]
    [InlineData("SELECT groupArray(number) FROM numbers(100000000) SETTINGS max_memory_usage = 1000000", 241, true)]
    [InlineData("SELECT {missing:String}", 456, false)]
    public async Task The_engines_errors_have_codes(string sql, int code, bool transient)
    {
        using var client = await ClientAsync();
        var error = await Should.ThrowAsync<ClickHouseException>(() => client.ExecuteAsync(new(sql)));
        (error.Code, error.IsTransient, error.MayStillRun).ShouldBe((code, transient, false), error.Message);
    }

    [Fact]
    public async Task A_running_statement_is_killed_by_its_name_or_the_beginning_of_it_or_that_and_a_part()
    {
        using var client = await ClientAsync();
        foreach (var (isPrefix, part) in new[] { (false, ""), (true, ""), (true, ",3,") })
        {
            var id = $"kill-{Guid.NewGuid():N},1,3,12,-{Guid.NewGuid():N}";
            var running = client.ExecuteAsync(new("SELECT sum(sleepEachRow(0.05)) FROM numbers(2000) SETTINGS max_block_size = 10") { QueryId = id });
            await Eventually.HoldsAsync(async () =>
            {
                await using var found = await client.QueryAsync(
                    new ClickHouseStatement("SELECT count() FROM system.processes WHERE endsWith(Settings['log_comment'], {id:String}) OR query_id = {id:String}").With("id", id));
                return await found.ReadAsync() && found.GetInt64(0) == 1;
            });

            await client.KillAsync(id[..12], default, isPrefix: true, ",2,");
            running.IsCompleted.ShouldBeFalse();
            await client.KillAsync(isPrefix ? id[..12] : id, default, isPrefix, part);
            (await Should.ThrowAsync<ClickHouseException>(() => running)).Code.ShouldBe(394);
        }

        await client.KillAsync("nobody");
    }

    [Fact]
    public async Task A_statement_for_another_instance_is_refused()
    {
        using var client = await ClientAsync();
        await client.PingAsync();
        await client.ExecuteAsync(new("SELECT 1") { OnlyInstance = client.ServerInstance });
        (await Should.ThrowAsync<ClickHouseException>(() => client.ExecuteAsync(new("SELECT 1") { OnlyInstance = "another" }))).Name.ShouldBe("HTTP");
        (await client.SyncAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Migrations_run_once_in_order_and_those_of_a_later_version_are_refused()
    {
        using var client = await ClientAsync();
        var migrations = new ClickHouseMigrations(client, NullLogger<ClickHouseMigrations>.Instance);
        var one = new SqlMigration("s", 1, "one", "CREATE TABLE a (x UInt8) ENGINE = Memory\n-- next: data\nINSERT INTO a VALUES (1)");
        var two = new SqlMigration("s", 2, "two", "-- comment; only\nINSERT INTO a SELECT x + 1 FROM a");
        await migrations.RunAsync([one], default);
        await migrations.RunAsync([two, one], default);
        await migrations.RunAsync([one, two, new("other", 1, "one", "CREATE TABLE b (x UInt8) ENGINE = Memory")], default);

        await using (var rows = await client.QueryAsync(new("SELECT arraySort(groupArray(toString(x))) FROM a")))
        {
            await rows.ReadAsync();
            rows.GetStrings(0).ShouldBe(["1", "2"]);
        }

        (await Should.ThrowAsync<InvalidOperationException>(() => migrations.RunAsync([one], default))).Message.ShouldContain("2 two");
    }

    [Fact]
    public async Task A_migration_recorded_before_checksums_is_known_by_its_name_and_a_changed_one_is_refused()
    {
        using var client = await ClientAsync();
        await client.ExecuteAsync(new("CREATE TABLE bxb_migrations (`set` String, number UInt32, name String, applied_at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY (`set`, number)"));
        await client.ExecuteAsync(new("INSERT INTO bxb_migrations SELECT 's', 1, 'one', now64(3)"));
        var migrations = new ClickHouseMigrations(client, NullLogger<ClickHouseMigrations>.Instance);
        var one = new SqlMigration("s", 1, "one", "never run");
        var two = new SqlMigration("s", 2, "two", "CREATE TABLE b (x UInt8) ENGINE = Memory");
        await migrations.RunAsync([one, two], default);
        await migrations.RunAsync([one, two], default);
        (await Should.ThrowAsync<InvalidOperationException>(() => migrations.RunAsync([one, two with { Sql = two.Sql + " " }], default))).Message.ShouldContain("s 2 two");
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_made()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        var name = "made `of\\ odd' signs " + Guid.NewGuid().ToString("N");
        using var client = new ClickHouseClient(new() { Url = new Uri(url.GetLeftPart(UriPartial.Path) + "?database=" + Uri.EscapeDataString(name)) });
        var migrations = new ClickHouseMigrations(client, NullLogger<ClickHouseMigrations>.Instance);
        await migrations.RunAsync([], default);
        await migrations.RunAsync([], default);
        await using var rows = await client.QueryAsync(new("SELECT currentDatabase()"));
        await rows.ReadAsync();
        rows.GetString(0).ShouldBe(name);
    }

    private static async Task<ClickHouseClient> ClientAsync() => new(new() { Url = await TestClickHouse.CreateDatabaseAsync() });

    private static string Hostile(Random random)
    {
        var text = new StringBuilder();
        for (var i = random.Next(30); i > 0; i--)
        {
            text.Append(random.Next(3) switch { 0 => "\\'\"\t\n\r\0\b\f`;&=%+?#[],{}$"[random.Next(22)].ToString(), 1 => char.ConvertFromUtf32(random.Next(0x10000, 0x10FFFF)), _ => "ä" });
        }

        return text.ToString();
    }
}

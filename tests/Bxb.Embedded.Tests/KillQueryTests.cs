using System.Text;
using Bxb.Testing;

namespace Bxb.Embedded.Tests;

public sealed class KillQueryTests
{
    private const string Endless = "SELECT count() FROM system.numbers WHERE sipHash64(number) = 1";

    [Theory]
    [InlineData(Endless)]
    [InlineData("SELECT number, sleepEachRow(0.01) FROM system.numbers SETTINGS max_block_size = 1")]
    [InlineData("INSERT INTO FUNCTION null('n UInt64') SELECT number FROM system.numbers")]
    public async Task A_killed_query_has_ended_when_kill_returns(string sql)
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        var id = $"kill-{Guid.NewGuid()}";
        var running = EngineHttp.PostAsync(database, $"query_id={id}", Encoding.UTF8.GetBytes(sql));
        await IsRunningAsync(database, id);
        (await EngineHttp.ErrorAsync(database, $"query_id={id}", "SELECT 1")).Code.ShouldBe("216");

        (await EngineHttp.TextAsync(database, $"param_id={id}", "KILL QUERY WHERE query_id = {id:String} SYNC")).ShouldContain(id);
        (await EngineHttp.TextAsync(database, "", $"SELECT count() FROM system.processes WHERE position(Settings['log_comment'], '{id}') > 0 AND query NOT LIKE '%processes%'")).ShouldBe("0\n");
        using var answer = await running;
        (await answer.Content.ReadAsStringAsync()).ShouldContain("Code: 394.");
        (await EngineHttp.TextAsync(database, "", $"KILL QUERY WHERE query_id = '{id}' SYNC")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_query_ends_when_its_client_goes()
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        var id = $"gone-{Guid.NewGuid()}";
        using var gone = new CancellationTokenSource();
        var running = EngineHttp.PostAsync(database, $"query_id={id}", Encoding.UTF8.GetBytes(Endless), gone.Token);
        await IsRunningAsync(database, id);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => running);
        await Eventually.HoldsAsync(async () => !await ExistsAsync(database, id));
    }

    [Fact]
    public async Task A_query_that_waits_for_a_connection_can_be_killed_too()
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        var ids = Enumerable.Range(0, 8).Select(i => $"wait-{i}-{Guid.NewGuid()}").ToArray();
        var slow = "SELECT sleepEachRow(0.2) FROM numbers(1000) SETTINGS max_block_size = 1"u8.ToArray();
        var running = ids.Select(id => EngineHttp.PostAsync(database, $"query_id={id}&max_threads=1", slow)).ToArray();
        await Task.WhenAll(ids.Select(async id => await Eventually.HoldsAsync(async () => (await KilledAsync(database, id)).Length > 0)));
        foreach (var answer in await Task.WhenAll(running))
        {
            (await answer.Content.ReadAsStringAsync()).ShouldContain("Code: 394.");
        }
    }

    [Fact]
    public async Task An_insert_whose_rows_are_still_on_the_way_can_be_killed()
    {
        var database = await TestClickHouse.CreateDatabaseAsync();
        await TestClickHouse.ExecuteAsync(database, "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a");
        var id = $"body-{Guid.NewGuid()}";
        var insert = Uri.EscapeDataString("INSERT INTO t SELECT a FROM input('a UInt8') FORMAT RowBinary");
        var rest = new TaskCompletionSource<byte[]>();
        var running = EngineHttp.SendAsync(database, $"query_id={id}&query={insert}", new SlowContent([1], rest.Task));
        await Eventually.HoldsAsync(async () => (await KilledAsync(database, $"{id}")).Length > 0);
        rest.SetResult([2]);
        using var answer = await running;
        (await answer.Content.ReadAsStringAsync()).ShouldContain("Code: 394.");
        (await EngineHttp.TextAsync(database, "", "SELECT count() FROM t")).ShouldBe("0\n");
    }

    private static Task<string> KilledAsync(Uri database, string id) => EngineHttp.TextAsync(database, "", $"KILL QUERY WHERE query_id = '{id}' SYNC");

    private static Task IsRunningAsync(Uri database, string id) => Eventually.HoldsAsync(() => ExistsAsync(database, id));

    private static async Task<bool> ExistsAsync(Uri database, string id) =>
        await EngineHttp.TextAsync(database, "", $"SELECT count() FROM system.processes WHERE position(Settings['log_comment'], '{id}') > 0 AND query NOT LIKE '%processes%'") != "0\n";
}

using System.Text.Json;
using Bxb.Analytics.Tests.Cases;
using Bxb.ClickHouse;
using Bxb.Testing;
using Npgsql;

namespace Bxb.Analytics.Tests.Http;

/// <summary>A host on stores that another one has filled, while no host can read the group <c>analytics</c>: as when Kafka's brokers are away.</summary>
public sealed class UnreadGroupTests : IAsyncLifetime
{
    private const string Question = "/v1/usage?metric=calls&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z";

    private const string GroupLock = """
        select (l.classid::bigint << 32) | l.objid::bigint from pg_locks l join pg_stat_activity a using (pid)
        where l.locktype = 'advisory' and l.granted and a.datname = current_database() and a.application_name = 'bxb consumer group'
        """;

    private Uri _url = null!;
    private ClickHouseClient _clickHouse = null!;
    private UsageHost _host = null!;
    private NpgsqlConnection _elsewhere = null!;
    private long _last;

    public async Task InitializeAsync()
    {
        _url = await TestClickHouse.CreateDatabaseAsync();
        _clickHouse = new ClickHouseClient(new() { Url = _url });
        var before = new UsageHost { ClickHouseUrl = _url };
        await before.InitializeAsync();
        await before.MetricAsync("calls", "count", null);
        for (var i = 0; i < 3; i++)
        {
            _last = await before.AppendAsync(new CaseEvent("a", "2026-01-05T00:00:00Z"));
        }

        (await before.GetAsync($"{Question}&store=clickhouse&min_position={_last}&timeout=30")).Status.ShouldBe(200);
        _elsewhere = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(before.Database) { Pooling = false }.ConnectionString);
        await _elsewhere.OpenAsync();
        var key = await ScalarAsync<long>(GroupLock);
        await before.StopAsync();
        await before.DisposeAsync();

        // Hosts that want to read the group wait for this session.
        await ScalarAsync<object>($"select pg_advisory_lock({key})");
        _host = new UsageHost { ClickHouseUrl = _url, Database = before.Database, Riders = o => o.OwnerSilence = TimeSpan.FromMinutes(10) };
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _elsewhere.DisposeAsync();
        _clickHouse.Dispose();
    }

    [Fact]
    public async Task ClickHouse_answers_with_the_position_that_it_covers()
    {
        await _host.InitializeAsync();
        foreach (var more in new[] { "", "&store=clickhouse", $"&min_position={_last}", $"&store=clickhouse&min_position={_last}" })
        {
            ShouldBe(await AskAsync(more), "clickhouse", atLeast: _last, "3");
        }

        var later = await _host.AppendAsync(new CaseEvent("a", "2026-01-05T00:00:00Z"));
        ShouldBe(await AskAsync(""), "clickhouse", atLeast: _last, "3");
        ShouldBe(await AskAsync($"&min_position={later}"), "postgresql", atLeast: later, "4");
        var (status, problem) = await _host.GetAsync($"{Question}&store=clickhouse&min_position={later}&timeout=0.2");
        (status, problem.GetProperty("code").GetString()).ShouldBe((503, "position_not_reached"));
    }

    [Fact]
    public async Task An_older_copy_of_its_data_does_not_pass_for_the_whole_until_a_host_has_compared_it()
    {
        await _clickHouse.ExecuteAsync(new("TRUNCATE TABLE loader_checkpoints"));
        await _clickHouse.ExecuteAsync(new($"ALTER TABLE usage DELETE WHERE position = {_last} SETTINGS mutations_sync = 1"));
        await _host.InitializeAsync();
        var (_, answer) = await AskAsync("");
        answer.GetProperty("as_of_position").GetInt64().ShouldBe(0);
        ShouldBe(await AskAsync($"&min_position={_last}"), "postgresql", atLeast: _last, "3");
        await _elsewhere.CloseAsync();
        await Eventually.HoldsAsync(async () => (await AskAsync("&store=clickhouse")).Body.TryGetProperty("as_of_position", out var position) && position.GetInt64() >= _last);
        ShouldBe(await AskAsync("&store=clickhouse"), "clickhouse", atLeast: _last, "3");
    }

    [Fact]
    public async Task An_empty_directory_in_the_place_of_its_data_is_answered_around()
    {
        await _clickHouse.ExecuteAsync(new("DROP TABLE loader_checkpoints"));
        await _host.InitializeAsync();
        ShouldBe(await AskAsync(""), "postgresql", atLeast: _last, "3");
        (await AskAsync("&store=clickhouse")).Status.ShouldBe(503);
    }

    [Fact]
    public async Task A_lock_on_the_log_holds_up_no_answer_of_ClickHouse()
    {
        await _host.InitializeAsync();
        await using var connection = new NpgsqlConnection(_host.Database);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("lock table event_log.events in access exclusive mode", connection, transaction);
        await command.ExecuteNonQueryAsync();
        ShouldBe(await AskAsync("&store=clickhouse"), "clickhouse", atLeast: _last, "3");
        ShouldBe(await AskAsync($"&min_position={_last}"), "clickhouse", atLeast: _last, "3");
    }

    private Task<(int Status, JsonElement Body)> AskAsync(string more) => _host.GetAsync(Question + more);

    private static void ShouldBe((int Status, JsonElement Body) answer, string store, long atLeast, string value)
    {
        answer.Status.ShouldBe(200, answer.Body.ToString());
        answer.Body.GetProperty("store").GetString().ShouldBe(store);
        answer.Body.GetProperty("as_of_position").GetInt64().ShouldBeGreaterThanOrEqualTo(atLeast);
        answer.Body.GetProperty("rows")[0].GetProperty("value").GetString().ShouldBe(value);
    }

    private async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _elsewhere);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}

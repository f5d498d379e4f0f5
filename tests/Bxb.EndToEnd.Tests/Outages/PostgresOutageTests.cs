using System.Diagnostics;
using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;
using Npgsql;
using Xunit.Abstractions;

namespace Bxb.EndToEnd.Tests.Outages;

/// <summary>Every call of the API document while PostgreSQL takes no writes, is away, or is frozen: 503 with Retry-After, never 500; and how long it takes to recover.</summary>
[Collection(OutageCollection.Name)]
public sealed class PostgresOutageTests(OutageServer server, ITestOutputHelper output)
{
    private static readonly string[] Writes =
    [
        "post /v1/events", "post /v1/events/batch", "post /v1/billable_metrics", "put /v1/billable_metrics/{code}", "post /v1/organizations", "post /v1/organizations/{id}/api_keys",
    ];

    private HostProcess Host => server.Host;

    [Fact]
    public async Task While_postgresql_takes_no_writes_what_writes_is_503_and_the_host_is_not_ready()
    {
        var calls = await PrepareAsync();
        await server.SetReadOnlyAsync(on: true);
        try
        {
            await server.ReadyIsAsync(503, "unhealthy");
            var answers = Check(await calls.MakeAsync());
            answers.Where(a => Writes.Contains(a.Call)).ShouldAllBe(a => a.Status == 503);
            answers.Single(a => a.Call == "get /v1/pipeline").Status.ShouldBe(200);
            (await PipelineAsync())["stores"]!["postgresql"]!.ToJsonString().ShouldBe("""{"available":true,"writable":false}""");
        }
        finally
        {
            await server.SetReadOnlyAsync(on: false);
        }

        await RecoveredAsync();
        Count("PostgreSQL answers and takes no writes; events are refused: ").ShouldBe(1, Host.Output);
    }

    [Fact]
    public async Task While_postgresql_is_away_everything_but_the_pipeline_is_503()
    {
        var calls = await PrepareAsync();
        var known = await PipelineAsync();
        await server.StopPostgresAsync();
        try
        {
            var answers = Check(await calls.MakeAsync());
            answers.Where(a => a.Status != 503).Select(a => a.Call).ShouldBe(["get /v1/pipeline"]);
            await server.ReadyIsAsync(503, "unhealthy");
            var stale = await PipelineAsync();
            stale["stores"]!["postgresql"]!.ToJsonString().ShouldBe("""{"available":false,"writable":false}""");
            stale["stale"]!.AsArray().Select(s => s!.GetValue<string>()).ShouldBe(["log", "groups", "replays"]);
            stale["groups"]![0]!["position"]!.GetValue<long>().ShouldBeGreaterThanOrEqualTo(known["groups"]![0]!["position"]!.GetValue<long>());
            stale["as_of"].ShouldNotBeNull();
        }
        finally
        {
            await server.StartPostgresAsync();
        }

        await RecoveredAsync();
    }

    [Fact]
    public async Task While_postgresql_is_frozen_everything_but_the_pipeline_is_503_and_health_answers()
    {
        var calls = await PrepareAsync();
        var frozen = server.Freeze();
        try
        {
            var sweep = calls.MakeAsync();
            await server.ReadyIsAsync(503, "unhealthy");
            await Timed("pipeline", PipelineAsync());
            await Timed("ready", Host.Client.GetAsync("/health/ready"));
            var answers = Check(await sweep);
            answers.Where(a => a.Status != 503).Select(a => a.Call).ShouldBe(["get /v1/pipeline"]);
        }
        finally
        {
            OutageServer.Thaw(frozen);
        }

        await RecoveredAsync();
    }

    [Fact]
    public async Task A_host_stops_while_postgresql_is_frozen()
    {
        await using var host = await server.StartHostAsync();
        await host.Client.PostJsonAsync("/v1/events", """{"transaction_id": "stop-1", "external_customer_id": "c", "code": "m"}""");
        var frozen = server.Freeze();
        try
        {
            await Eventually.HoldsAsync(async () => (int)(await host.Client.GetAsync("/health/ready")).StatusCode == 503);
            (await Timed("SIGTERM to exit", host.StopAsync())).ShouldBe(0, host.Output);
        }
        finally
        {
            OutageServer.Thaw(frozen);
        }

        await RecoveredAsync();
    }

    [Fact]
    public async Task A_transaction_left_open_in_another_database_is_named_and_nothing_hangs()
    {
        await PrepareAsync();
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var take = new NpgsqlCommand("select pg_current_xact_id()", connection, transaction))
        {
            await take.ExecuteNonQueryAsync();
        }

        var id = Guid.NewGuid().ToString("N");
        var position = (await Host.Client.PostJsonAsync("/v1/events", $$"""{"transaction_id": "{{id}}", "external_customer_id": "c", "code": "m"}""")).Position();
        JsonNode? log = null;
        await Eventually.HoldsAsync(async () => (log = (await PipelineAsync())["log"])!["held_back_by"] is not null);
        var by = log!["held_back_by"]!;
        (by["database"]!.GetValue<string>(), by["pid"]!.GetValue<int>(), by["state"]!.GetValue<string>()).ShouldBe(("postgres", connection.ProcessID, "idle in transaction"));
        by["since"].ShouldNotBeNull();
        log["settled"]!.GetValue<long>().ShouldBeLessThan(position);
        (await PipelineAsync())["stale"].ShouldBeNull();

        foreach (var store in new[] { "postgresql", "clickhouse", "auto" })
        {
            var late = await Host.Client.GetJsonAsync($"/v1/usage?metric=m&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&min_position={position}&timeout=2&store={store}", 503);
            late["code"]!.GetValue<string>().ShouldBe("position_not_reached");
            late["detail"]!.GetValue<string>().ShouldContain($" by session pid {connection.ProcessID} of database postgres (idle in transaction) since ");
        }

        (await Host.Client.GetStringAsync("/metrics")).ShouldMatch(@"bxb_eventlog_settled_held_back_seconds\S* [1-9]");
        await transaction.RollbackAsync();
        await Host.Client.GetJsonAsync($"/v1/usage?metric=m&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&min_position={position}&timeout=30");
    }

    private async Task<EveryCall> PrepareAsync()
    {
        await server.ReadyIsAsync(200, "healthy");
        await Host.Client.SendAsync(HttpMethod.Post, "/v1/billable_metrics", """{"code": "m", "name": "m", "aggregation_type": "count"}""");
        var (status, _) = await Host.Client.SendAsync(HttpMethod.Get, "/v1/events");
        status.ShouldBe(200);
        await PipelineAsync();
        return await EveryCall.ReadAsync(Host);
    }

    private IReadOnlyList<CallAnswer> Check(IReadOnlyList<CallAnswer> answers)
    {
        foreach (var answer in answers.OrderByDescending(a => a.Took))
        {
            output.WriteLine($"{answer.Status} {answer.Took.TotalSeconds:0.00} s {answer.Call} {(answer.Status >= 400 ? answer.Body : "")}");
        }

        answers.Where(a => a.Status >= 500 && a.Status != 503).ShouldBeEmpty(Host.Output);
        answers.Where(a => a.Status == 503).ShouldAllBe(a => a.HasRetryAfter && a.MediaType == "application/problem+json");
        return answers;
    }

    private async Task RecoveredAsync()
    {
        var started = Stopwatch.GetTimestamp();
        await server.ReadyIsAsync(200, "healthy");
        var ready = Stopwatch.GetElapsedTime(started);
        var id = Guid.NewGuid().ToString("N");
        JsonNode posted = new JsonObject();
        await Eventually.HoldsAsync(async () =>
        {
            (var status, posted) = await Host.Client.SendAsync(HttpMethod.Post, "/v1/events", $$"""{"transaction_id": "{{id}}", "external_customer_id": "c", "code": "m"}""");
            return status is 200 or 201;
        });
        var ingest = Stopwatch.GetElapsedTime(started);
        await Eventually.HoldsAsync(async () =>
            (await Host.Client.SendAsync(HttpMethod.Get, $"/v1/usage?metric=m&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&min_position={posted.Position()}&timeout=30&store=clickhouse")).Status == 200);
        output.WriteLine($"recovered: healthy after {ready.TotalSeconds:0.0} s, an event taken after {ingest.TotalSeconds:0.0} s, in ClickHouse after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
    }

    private async Task<T> Timed<T>(string what, Task<T> task)
    {
        var started = Stopwatch.GetTimestamp();
        var result = await task;
        output.WriteLine($"{what}: {Stopwatch.GetElapsedTime(started).TotalSeconds:0.00} s");
        return result;
    }

    private async Task<JsonNode> PipelineAsync()
    {
        var (status, body) = await Host.Client.SendAsync(HttpMethod.Get, "/v1/pipeline", key: OutageServer.AdminToken);
        status.ShouldBe(200, body.ToJsonString());
        return body;
    }

    private int Count(string line) => Host.Output.Split('\n').Count(l => l.Contains(line, StringComparison.Ordinal));
}

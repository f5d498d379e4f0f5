using System.Diagnostics;
using Bxb.Embedded;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.EventLog.Tests;

/// <summary>The log behind a real PgBouncer, as it comes and in its modes.</summary>
public sealed class PgBouncerTests
{
    [PgBouncerFact]
    public async Task Behind_PgBouncer_as_it_comes_two_hosts_append_read_and_hear_of_each_other()
    {
        await using var bouncer = await TestPgBouncer.StartAsync(await TestPostgres.CreateDatabaseAsync());
        await using var first = await LogFixture.StartAsync(connectionString: bouncer.ConnectionString);
        await using var second = await LogFixture.StartAsync(o => o.SettledPollInterval = TimeSpan.FromMinutes(1), bouncer.ConnectionString);
        for (var i = 0; i < 20; i++)
        {
            var (outcome, position) = (await first.AppendAsync(1, $"t-{i}"))[0];
            outcome.ShouldBe(AppendOutcome.Recorded);

            // By notification: the second one would look by itself a minute later.
            await second.Settled.WaitBeyondAsync(position - 1, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        }

        (await second.AppendAsync(1, "t-3"))[0].Outcome.ShouldBe(AppendOutcome.Duplicate);
        (await second.Queries.ListAsync(new EventListFilter(1), CancellationToken.None)).Count.ShouldBe(20);
        using var records = EventRecords.Rent();
        (await second.Reader.ReadAsync(0, second.Settled.Current, 100, 1 << 20, records, CancellationToken.None)).ShouldBe(20);
        (await first.ScalarAsync<string>("show synchronous_commit")).ShouldBe("on");
    }

    [PgBouncerFact]
    public async Task A_server_that_is_killed_behind_PgBouncer_loses_nothing_that_was_acknowledged()
    {
        // By its default the server acknowledges commits up to 30 s before they are on disk, and PgBouncer drops the startup parameter that could say otherwise.
        var options = new EmbeddedPostgresOptions
        {
            DataDirectory = await TestDirectories.CreateAsync("bounced"),
            SharedBuffersBytes = 32L << 20,
            Settings = new Dictionary<string, string> { ["synchronous_commit"] = "off", ["wal_writer_delay"] = "10s", ["wal_writer_flush_after"] = "0" },
        };
        await using var server = await EmbeddedPostgres.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        await using var bouncer = await TestPgBouncer.StartAsync(server.ConnectionString, "pool_mode = session", "ignore_startup_parameters = options");
        await using var log = await LogFixture.StartAsync(connectionString: bouncer.ConnectionString);
        for (var kill = 0; kill < 3; kill++)
        {
            var answers = new List<(AppendOutcome Outcome, long Position)>();
            for (var i = 0; i < 20; i++)
            {
                answers.AddRange(await log.AppendAsync(1, $"{kill}-{i}", $"{kill}-{i}-b"));
            }

            await Eventually.HoldsAsync(() => TryCreateAsync(log, $"kept_{kill}"), "A connection that the last kill has broken is not used again");
            using (var process = Process.GetProcessById(server.ProcessId!.Value))
            {
                process.Kill();
                await process.WaitForExitAsync();
            }

            var count = 0L;
            await Eventually.HoldsAsync(async () =>
            {
                try
                {
                    await using var direct = new NpgsqlConnection(server.ConnectionString);
                    await direct.OpenAsync();
                    await using var command = new NpgsqlCommand(
                        $"select count(*) from event_log.events where position = any($1) and to_regclass('kept_{kill}') is not null", direct);
                    command.Parameters.Add(new() { Value = answers.Select(a => a.Position).ToArray() });
                    count = (long)(await command.ExecuteScalarAsync())!;
                    return true;
                }
                catch (NpgsqlException)
                {
                    return false;
                }
            });
            count.ShouldBe(answers.Count);
            await Eventually.HoldsAsync(async () =>
            {
                try
                {
                    return (await log.AppendAsync(1, $"after-{kill}"))[0].Position > 0;
                }
                catch (EventLogUnavailableException)
                {
                    return false;
                }
            });
        }
    }

    [PgBouncerFact]
    public Task Transaction_pooling_is_refused_in_one_sentence() => IsRefusedAsync("pool_mode = transaction");

    [PgBouncerFact]
    public Task Transaction_pooling_in_turns_is_refused_too() => IsRefusedAsync("pool_mode = transaction", "server_round_robin = 1", "ignore_startup_parameters = options");

    [PgBouncerFact]
    public Task Statement_pooling_is_refused_in_one_sentence() => IsRefusedAsync("pool_mode = statement");

    [PgBouncerFact]
    public async Task A_pool_that_is_too_small_is_named()
    {
        await using var bouncer = await TestPgBouncer.StartAsync(await TestPostgres.CreateDatabaseAsync(), "default_pool_size = 1", "query_wait_timeout = 2");
        var refused = await Should.ThrowAsync<EventLogException>(LogFixture.StartAsync(connectionString: bouncer.ConnectionString));
        refused.Message.ShouldContain("Bxb:Postgres:ConnectionString leads to a pooler or server that gives no more than 1 connections");
    }

    private static async Task IsRefusedAsync(params string[] settings)
    {
        await using var bouncer = await TestPgBouncer.StartAsync(await TestPostgres.CreateDatabaseAsync(), settings);

        // A pool that other clients have used before: more than one connection lies idle in it.
        var used = new List<NpgsqlConnection>();
        for (var i = 0; i < 3; i++)
        {
            used.Add(new NpgsqlConnection(bouncer.ConnectionString + ";Pooling=false"));
            await used[^1].OpenAsync();
        }

        await Task.WhenAll(used.Select(async connection =>
        {
            await using var command = new NpgsqlCommand("select pg_sleep(0.2)", connection);
            await command.ExecuteNonQueryAsync();
        }));
        var refused = await Should.ThrowAsync<EventLogException>(LogFixture.StartAsync(connectionString: bouncer.ConnectionString));
        refused.IsTransient.ShouldBeFalse();
        refused.Message.ShouldStartWith("Bxb:Postgres:ConnectionString leads to a pooler that changes a session's connection between transactions");
        refused.Message.ShouldContain("set pool_mode to session");
        foreach (var connection in used)
        {
            await connection.DisposeAsync();
        }
    }

    private static async Task<bool> TryCreateAsync(LogFixture log, string table)
    {
        try
        {
            await log.ExecuteAsync($"create table if not exists {table} ()");
            return true;
        }
        catch (NpgsqlException e) when (e.IsTransient || e is PostgresException { SqlState: PostgresErrorCodes.AdminShutdown })
        {
            return false;
        }
    }
}

using Bxb.Testing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.EventLog.Tests;

/// <summary>Whether the server answers and takes writes is known without asking it.</summary>
public sealed class ServerWatchTests
{
    [Fact]
    public async Task A_server_that_takes_no_writes_is_told_and_connections_to_it_are_dropped()
    {
        await using var log = await LogFixture.StartAsync();
        await Eventually.HoldsAsync(() => log.Watch.Condition == ServerCondition.Writable);
        await SetReadOnlyAsync(log, on: true);
        await Eventually.HoldsAsync(() => log.Watch.Condition == ServerCondition.ReadOnly);
        (await Should.ThrowAsync<EventLogUnavailableException>(log.AppendAsync(1, "t"))).SqlState.ShouldBe("25006");

        // Sessions that are open keep the setting: only new ones can write again.
        await SetReadOnlyAsync(log, on: false, endSessions: false);
        await Eventually.HoldsAsync(() => log.Watch.Condition == ServerCondition.Writable);
        await Eventually.HoldsAsync(async () => await log.ScalarAsync<string>("show transaction_read_only") == "off");
        (await log.AppendAsync(1, "t")).Length.ShouldBe(1);
    }

    [Fact]
    public async Task After_a_failed_append_only_a_commit_counts()
    {
        await using var log = await LogFixture.StartAsync();
        await Eventually.HoldsAsync(() => log.Watch.Condition == ServerCondition.Writable);
        await RenameEmitMessageAsync(log, "pg_logical_emit_message", "hidden_emit_message");
        try
        {
            await log.ExecuteAsync("alter table event_log.event_keys rename to gone");
            await Should.ThrowAsync<EventLogUnavailableException>(log.AppendAsync(1, "t"));
            await log.ExecuteAsync("alter table event_log.gone rename to event_keys");
            await Eventually.HoldsAsync(() => log.Watch.Condition == ServerCondition.ReadOnly);
        }
        finally
        {
            await RenameEmitMessageAsync(log, "hidden_emit_message", "pg_logical_emit_message");
        }

        await Eventually.HoldsAsync(() => log.Watch.Condition == ServerCondition.Writable);
    }

    [Fact]
    public async Task A_server_that_refuses_is_told_with_one_line()
    {
        var lines = new LogLines();
        await using var log = await LogFixture.StartAsync(loggers: lines);
        await Eventually.HoldsAsync(() => log.Watch.Condition == ServerCondition.Writable);
        var database = new NpgsqlConnectionStringBuilder(log.ConnectionString).Database!;
        await using var admin = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(log.ConnectionString) { Database = "postgres" });
        await ExecuteAsync(admin, $"alter database {database} rename to {database}_gone", terminate: database);
        await Eventually.HoldsAsync(() => log.Watch.Condition == ServerCondition.ReadOnly);
        await ExecuteAsync(admin, $"alter database {database}_gone rename to {database}");
        await Eventually.HoldsAsync(() => log.Watch.Condition == ServerCondition.Writable);
        lines.All.Count(l => l.StartsWith("Warning: PostgreSQL", StringComparison.Ordinal)).ShouldBeLessThanOrEqualTo(2);
        lines.All.ShouldNotContain(l => l.Contains(" + stack", StringComparison.Ordinal) && l.Contains("PostgreSQL", StringComparison.Ordinal));
    }

    private static async Task RenameEmitMessageAsync(LogFixture log, string from, string to)
    {
        foreach (var content in new[] { "text", "bytea" })
        {
            await log.ExecuteAsync($"alter function pg_catalog.{from}(boolean, text, {content}, boolean) rename to {to}");
        }
    }

    private static async Task SetReadOnlyAsync(LogFixture log, bool on, bool endSessions = true)
    {
        var database = new NpgsqlConnectionStringBuilder(log.ConnectionString).Database!;
        await using var admin = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(log.ConnectionString) { Database = "postgres" });
        await ExecuteAsync(admin, $"alter database {database} set default_transaction_read_only = {(on ? "on" : "off")}", endSessions ? database : null, after: true);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource admin, string sql, string? terminate = null, bool after = false)
    {
        var end = $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{terminate}'";
        foreach (var statement in terminate is null ? [sql] : after ? new[] { sql, end } : [end, sql])
        {
            await Eventually.HoldsAsync(async () =>
            {
                try
                {
                    await using var command = admin.CreateCommand(statement);
                    await command.ExecuteNonQueryAsync();
                    return true;
                }
                catch (PostgresException busy) when (busy.SqlState == "55006")
                {
                    await using var again = admin.CreateCommand(end);
                    await again.ExecuteNonQueryAsync();
                    return false;
                }
            });
        }
    }
}

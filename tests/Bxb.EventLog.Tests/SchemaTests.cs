using Bxb.EventLog.Schema;
using Bxb.Primitives.Migrations;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.EventLog.Tests;

public sealed class SchemaTests
{
    private static readonly SqlMigration First = new("test", 1, "first", "create table one (id int); insert into one values (1);");

    [Fact]
    public async Task Migrations_run_once_in_order_also_when_hosts_start_together()
    {
        await using var dataSource = NpgsqlDataSource.Create(await TestPostgres.CreateDatabaseAsync());
        var second = new SqlMigration("test", 2, "second", "alter table one add column name text; update one set name = 'x';");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => MigrateAsync(dataSource, [second, First])));
        await MigrateAsync(dataSource, [First, second]);
        await using var command = dataSource.CreateCommand("select string_agg(name, ',') || (select count(*) from event_log.schema_migrations) from one");
        (await command.ExecuteScalarAsync()).ShouldBe("x2");
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_nothing_and_can_be_mended()
    {
        await using var dataSource = NpgsqlDataSource.Create(await TestPostgres.CreateDatabaseAsync());
        var broken = First with { Sql = First.Sql + " select 1 / 0;" };
        (await Should.ThrowAsync<EventLogException>(MigrateAsync(dataSource, [broken]))).SqlState.ShouldBe("22012");
        await MigrateAsync(dataSource, [First]);
    }

    [Fact]
    public async Task A_migration_that_was_changed_after_it_ran_is_refused()
    {
        await using var dataSource = NpgsqlDataSource.Create(await TestPostgres.CreateDatabaseAsync());
        await MigrateAsync(dataSource, [First]);
        var changed = First with { Sql = First.Sql + " " };
        (await Should.ThrowAsync<InvalidOperationException>(MigrateAsync(dataSource, [changed]))).Message.ShouldContain("first");
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        await using var dataSource = NpgsqlDataSource.Create(await TestPostgres.CreateDatabaseAsync());
        await MigrateAsync(dataSource, [First, new("test", 2, "second", "create table two (id int)")]);
        await MigrateAsync(dataSource, [new("other", 1, "first", "select 1")]);
        (await Should.ThrowAsync<InvalidOperationException>(MigrateAsync(dataSource, [First]))).Message.ShouldContain("test 2 second");
    }

    [Fact]
    public async Task Partitions_are_ready_before_they_are_needed_and_hold_up_no_open_append()
    {
        await using var log = await LogFixture.StartAsync(o =>
        {
            o.PartitionPositions = 1_000;
            o.PartitionInterval = TimeSpan.FromMilliseconds(100);
        });
        (await log.ScalarAsync<long>("select max(to_position) from event_log.event_partitions")).ShouldBe(3_000);

        await using var connection = await log.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var open = new NpgsqlCommand("insert into event_log.event_keys values (1, 'x', '', 1, 1); select count(*) from event_log.events", connection, transaction))
        {
            await open.ExecuteNonQueryAsync();
        }

        await log.ExecuteAsync("select setval('event_log.position_seq', 2500)");
        await Eventually.HoldsAsync(async () => await log.ScalarAsync<long>("select max(to_position) from event_log.event_partitions") == 5_000);
        (await log.AppendAsync(1, "t"))[0].Position.ShouldBe(2_501);
    }

    [Fact]
    public async Task New_partitions_have_statistics_from_the_first_thousand_events_on_without_autovacuum()
    {
        await using var log = await LogFixture.StartAsync(o => o.PartitionInterval = TimeSpan.FromMilliseconds(100), start: false);
        await log.Partitions.EnsureAsync(0, CancellationToken.None);
        await log.ExecuteAsync("alter table event_log.events_0000000000000 set (autovacuum_enabled = off)");
        await log.StartHostedAsync();
        await FillAsync(1, 1_200);
        await Eventually.HoldsAsync(async () => await CountedAsync() == 1_200);
        await FillAsync(1_201, 10_000);
        await Eventually.HoldsAsync(async () => await CountedAsync() == 10_000);
        (await log.ScalarAsync<float>("select n_distinct from pg_stats where schemaname = 'event_log' and tablename = 'events_0000000000000' and attname = 'code'")).ShouldBe(1);

        async Task FillAsync(int from, int to)
        {
            await log.ExecuteAsync(
                $$"""
                insert into event_log.events (position, organization_id, kind, timestamp, ingested_at, digest, source, transaction_id, external_customer_id, code, properties)
                select p, 1, 1, now(), now(), p, '', 't-' || p, 'c', 'code', '{}' from generate_series({{from}}, {{to}}) p
                """);
            await log.ExecuteAsync($"select setval('event_log.position_seq', {to})");
        }

        async Task<float> CountedAsync() => await log.ScalarAsync<float>("select reltuples from pg_class where relname = 'events_0000000000000'");
    }

    private static Task MigrateAsync(NpgsqlDataSource dataSource, IEnumerable<SqlMigration> migrations) =>
        PostgresMigrations.RunAsync(dataSource, migrations, NullLogger<PostgresMigrations>.Instance, CancellationToken.None);
}

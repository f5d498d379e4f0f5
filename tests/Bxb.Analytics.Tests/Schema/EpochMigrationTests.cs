using Bxb.Analytics.Loading;
using Bxb.Analytics.Schema;
using Bxb.Analytics.Tests.Loading;
using Bxb.ClickHouse;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.Analytics.Tests.Schema;

/// <summary>A database of the version before step 2 keeps its rows, checkpoints and fence, and a host of that version can no longer load.</summary>
public class EpochMigrationTests
{
    private const int UnknownIdentifier = 47;

    [Fact]
    public async Task A_database_of_the_version_before_is_migrated_and_its_owners_are_fenced()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var host = new LoaderUnderTest(url);
        await CreateEarlierDatabaseAsync(host.Client);
        await ExecuteAsync(host.Client, Earlier("analytics/topic/3", "old"));

        (await host.TakeOverAsync("topic", 3)).ShouldBe(40);
        (await host.NumberAsync("SELECT count() FROM loader_epochs WHERE partition = 'analytics/topic/3' AND epoch = 7 AND owner = 'old'")).ShouldBe(1);
        (await host.NumberAsync("SELECT max(epoch) FROM loader_epochs WHERE partition = 'analytics/topic/3'")).ShouldBe(10);
        (await host.NumberAsync("SELECT argMax(epoch, epoch) FROM loader_epochs WHERE partition = 'copy:analytics/key'")).ShouldBe(9);
        await host.LoadAsync("topic", 3, 4, 41, 80);
        (await host.CheckpointAsync("analytics/topic/3")).ShouldBe(79);
        (await host.NumberAsync("SELECT count() FROM usage")).ShouldBe(11);
    }

    [Fact]
    public async Task A_host_of_the_version_before_fails_with_an_error_that_blames_no_event()
    {
        using var host = new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync());
        await CreateEarlierDatabaseAsync(host.Client);
        await host.TakeOverAsync("topic", 0);

        // Partition 3 still belongs to the earlier host.
        var failure = await Should.ThrowAsync<ClickHouseException>(() => ExecuteAsync(host.Client, Earlier("analytics/topic/3", "old")));
        (failure.Code, LoadingFaults.IsTransient(failure)).ShouldBe((UnknownIdentifier, true), failure.Message);
    }

    [Fact]
    public async Task A_step_that_was_interrupted_is_run_again_without_harm()
    {
        using var host = new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync());
        await CreateEarlierDatabaseAsync(host.Client);
        await host.TakeOverAsync("topic", 3);
        await host.LoadAsync("topic", 3, 4, 41, 80);
        await ExecuteAsync(host.Client, "ALTER TABLE bxb_migrations DELETE WHERE number = 2 SETTINGS mutations_sync = 1");

        (await host.TakeOverAsync("topic", 0)).ShouldBe(0);
        (await host.NumberAsync("SELECT count() FROM bxb_migrations WHERE number = 2")).ShouldBe(1);
        await host.LoadAsync("topic", 3, 4, 81, 120);
        (await host.CheckpointAsync("analytics/topic/3")).ShouldBe(119);
        (await host.NumberAsync("SELECT count() FROM usage")).ShouldBe(21);
    }

    /// <summary>Creates the database as the version before did: partition 3 of a topic with a row and a checkpoint, and a copy that was filled.</summary>
    private static async Task CreateEarlierDatabaseAsync(ClickHouseClient client)
    {
        await new ClickHouseMigrations(client, NullLogger<ClickHouseMigrations>.Instance).RunAsync(AnalyticsSchema.Steps.Take(1), default);
        await ExecuteAsync(client, "INSERT INTO loader_terms SELECT 'analytics/topic/3', 6, 'older', now64(3)");
        await ExecuteAsync(client, "INSERT INTO loader_terms SELECT 'analytics/topic/3', 7, 'old', now64(3)");
        await ExecuteAsync(client, "INSERT INTO loader_terms SELECT 'copy:analytics/key', 9, 'replay', now64(3)");
        await ExecuteAsync(client, "INSERT INTO loader_checkpoints SELECT 'analytics/topic/3', 40, now64(3)");
        await ExecuteAsync(client, "INSERT INTO usage (organization_id, code, position, kind, timestamp) SELECT 7, 'tokens', 39, 1, toDateTime64('2026-01-01 00:39:00', 3, 'UTC')");
    }

    /// <summary>A statement that the version before fences: it reads <c>loader_terms</c>.</summary>
    private static string Earlier(string partition, string owner) =>
        $"INSERT INTO loader_checkpoints SELECT '{partition}', 1, now64(3) WHERE NOT throwIf((SELECT argMax(owner, (term, owner)) FROM loader_terms WHERE `group` = '{partition}') != '{owner}', 'The term is over')";

    private static Task ExecuteAsync(ClickHouseClient client, string sql) => client.ExecuteAsync(new ClickHouseStatement(sql));
}

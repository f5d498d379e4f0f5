using Bxb.Analytics.Loading.Epochs;
using Bxb.ClickHouse;
using Bxb.Riders;
using Bxb.Testing;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>Several partitions load concurrently, hosts join and leave, and the transport changes: each event is in ClickHouse exactly once.</summary>
public class PartitionsTests
{
    private const string Topic = "bxb.events";

    [Fact]
    public async Task Concurrent_partitions_insert_new_batches_plainly_and_repair_repeated_ones()
    {
        using var host = new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync());
        await host.TakeOverAsync(Topic, 0);
        await host.TakeOverAsync(Topic, 1);
        await host.LoadAsync(Topic, 0, 2, 1, 1_000);
        await host.LoadAsync(Topic, 1, 2, 1, 400);
        await Task.WhenAll(host.LoadAsync(Topic, 0, 2, 1_001, 2_000), host.LoadAsync(Topic, 1, 2, 401, 1_500));
        await host.LoadAsync(Topic, 1, 2, 401, 1_500, isRepeat: true);
        await host.LoadAsync(Topic, 1, 2, 1_501, 2_000);
        await host.HoldsExactlyAsync(1, 2_000);
    }

    [Fact]
    public async Task A_partition_that_moves_to_another_host_is_compared_from_its_own_checkpoint_and_the_others_go_on()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var first = new LoaderUnderTest(url);
        using var second = new LoaderUnderTest(url);
        await first.TakeOverAsync(Topic, 0);
        await first.TakeOverAsync(Topic, 1);
        await first.TakeOverAsync(Topic, 10);
        await first.LoadAsync(Topic, 0, 11, 1, 200);
        await first.LoadAsync(Topic, 1, 11, 1, 200);
        (await first.CheckpointAsync($"analytics/{Topic}/1")).ShouldBe(199);
        await first.LoadAsync(Topic, 0, 11, 201, 400);
        await first.LoadAsync(Topic, 1, 11, 201, 400);

        (await second.TakeOverAsync(Topic, 1)).ShouldBe(199);
        await Should.ThrowAsync<ProgressLostException>(() => first.LoadAsync(Topic, 1, 11, 401, 600));
        await second.LoadAsync(Topic, 1, 11, 200, 600, isRepeat: true);
        await first.LoadAsync(Topic, 0, 11, 401, 600);
        await first.LoadAsync(Topic, 10, 11, 1, 600);
        (await first.NumberAsync("SELECT count() FROM usage WHERE position % 11 IN (0, 1, 10)")).ShouldBe(54 + 55 + 54);
        (await first.NumberAsync("SELECT uniqExact(position) FROM usage")).ShouldBe(54 + 55 + 54);
    }

    [Fact]
    public async Task A_checkpoint_is_stored_for_every_partition_except_those_that_have_moved()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var host = new LoaderUnderTest(url);
        using var other = new LoaderUnderTest(url);
        for (var partition = 0; partition < 3; partition++)
        {
            await host.TakeOverAsync(Topic, partition);
            await host.LoadAsync(Topic, partition, 3, 1, 300);
        }

        await other.TakeOverAsync(Topic, 1);
        (await host.CheckpointAsync($"analytics/{Topic}/0")).ShouldBe(300);
        (await host.CheckpointAsync($"analytics/{Topic}/1")).ShouldBe(0);
        (await host.CheckpointAsync($"analytics/{Topic}/2")).ShouldBe(299);
        (await host.TakeOverAsync(Topic, 2)).ShouldBe(299);
        (await host.TakeOverAsync(Topic, 7)).ShouldBe(0);
        (await host.TakeOverAsync("another", 2)).ShouldBe(0);
    }

    [Fact]
    public async Task The_transport_may_change_to_a_topic_and_back_and_hosts_that_have_not_heard_of_it_are_refused()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var log = new LoaderUnderTest(url);
        using var kafka = new LoaderUnderTest(url);
        await log.TakeOverAsync();
        await log.LoadAsync(1, 400);
        (await log.CheckpointAsync()).ShouldBe(400);
        await log.LoadAsync(401, 600);

        (await kafka.TakeOverAsync(Topic, 0)).ShouldBe(400);
        (await Should.ThrowAsync<ProgressLostException>(() => log.LoadAsync(601, 700))).DurablePosition.ShouldBe(400);
        (await kafka.TakeOverAsync(Topic, 1)).ShouldBe(400);
        await kafka.LoadAsync(Topic, 0, 2, 401, 800, isRepeat: true);
        await kafka.LoadAsync(Topic, 1, 2, 401, 650, isRepeat: true);
        await kafka.LoadAsync(Topic, 1, 2, 651, 800);
        (await kafka.CheckpointAsync($"analytics/{Topic}/1")).ShouldBe(799);
        await kafka.LoadAsync(Topic, 0, 2, 801, 900);

        // The log has a checkpoint of its own and uses no other.
        (await log.TakeOverAsync()).ShouldBe(400);
        await log.LoadAsync(401, 850, isRepeat: true);
        await log.LoadAsync(851, 1_000);
        await Should.ThrowAsync<ProgressLostException>(() => kafka.LoadAsync(Topic, 1, 2, 801, 1_000));
        await log.LoadAsync(1_001, 1_100);
        await log.HoldsExactlyAsync(1, 1_100);
    }

    [Fact]
    public async Task Another_topic_ends_the_epochs_of_the_one_before()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var before = new LoaderUnderTest(url);
        using var after = new LoaderUnderTest(url);
        await before.TakeOverAsync(Topic, 5);
        await before.LoadAsync(Topic, 5, 6, 1, 60);
        await after.TakeOverAsync("another", 0);
        await Should.ThrowAsync<ProgressLostException>(() => before.LoadAsync(Topic, 5, 6, 61, 120));
    }

    [Fact]
    public async Task Many_partitions_begin_at_once_and_an_insert_whose_outcome_is_unknown_stops_its_own_partition_only()
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        using var host = new LoaderUnderTest(path.Url);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(p => host.TakeOverAsync(Topic, p)));
        await Task.WhenAll(Enumerable.Range(0, 12).Select(p => host.LoadAsync(Topic, p, 12, 1, 2_400)));

        path.OnInsert = async (context, work) =>
        {
            await work();
            context.Abort();
        };
        await Should.ThrowAsync<ClickHouseException>(() => host.LoadAsync(Topic, 1, 12, 2_401, 4_800));
        path.OnInsert = null;
        await Task.WhenAll(Enumerable.Range(0, 12).Select(p => host.LoadAsync(Topic, p, 12, 2_401, 4_800, isRepeat: p == 1)));
        await host.HoldsExactlyAsync(1, 4_800);
    }

    [Fact]
    public async Task Of_two_that_begin_with_the_same_number_one_is_refused_before_it_loads_anything()
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        using var host = new LoaderUnderTest(path.Url);
        await host.TakeOverAsync(Topic, 3);

        // The row of another loader, with the greatest owner name, follows right after this one's.
        path.OnStatement = async (sql, _, pass) =>
        {
            await pass();
            if (sql.StartsWith("INSERT INTO loader_epochs", StringComparison.Ordinal))
            {
                path.OnStatement = null;
                await host.Client.ExecuteAsync(new($"INSERT INTO loader_epochs SELECT 'analytics/{Topic}/3', max(epoch), 'zzz', now64(3) FROM loader_epochs"));
            }
        };
        await Should.ThrowAsync<EpochRefusedException>(() => host.TakeOverAsync(Topic, 3));
        await host.TakeOverAsync(Topic, 3);
        await host.LoadAsync(Topic, 3, 4, 1, 40);
    }
}

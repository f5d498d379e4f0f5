using Bxb.Analytics.Loading;
using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Rebuild;
using Bxb.Analytics.Schema;
using Bxb.Analytics.Tests.Loading;
using Bxb.ClickHouse;
using Bxb.Riders;
using Bxb.Testing;

namespace Bxb.Analytics.Tests.Rebuild;

/// <summary>A copy of the table is filled and replaces the live table. Each event is in the live table exactly once, even if hosts are killed at any moment.</summary>
public class RebuildTests
{
    [Fact]
    public async Task A_copy_takes_the_place_of_the_live_table_with_what_that_one_received_meanwhile()
    {
        using var host = new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync());
        await host.TakeOverAsync();
        await host.LoadAsync(1, 500);
        await host.LoadAsync(501, 1_000);
        var definition = await DefinitionAsync(host);

        var shadow = host.OpenShadow(null);
        (await shadow.OpenAsync(17, default)).ShouldBe(0);
        await LoadAsync(shadow, 1, 400);
        await host.LoadAsync(1_001, 1_500);
        (await shadow.CheckpointAsync(default)).ShouldBe(400);
        await LoadAsync(shadow, 401, 900);
        await host.Client.ExecuteAsync(new("ALTER TABLE usage DELETE WHERE position IN (3, 800) SETTINGS mutations_sync = 1"));
        await shadow.SwapAsync(900, default);

        await host.HoldsExactlyAsync(1, 1_500);
        (await DefinitionAsync(host)).ShouldBe(definition);
        (await TablesAsync(host)).ShouldBe(1);
        (await host.NumberAsync("SELECT count() FROM usage WHERE organization_id = 7 AND code = 'tokens' AND toStartOfDay(timestamp) >= '2026-01-01 00:00:00' SETTINGS force_optimize_projection = 1"))
            .ShouldBe(1_500);
        await host.LoadAfterSwapAsync(1_501, 1_600, wentBackTo: 1_500);
        await host.HoldsExactlyAsync(1, 1_600);
        await shadow.SwapAsync(900, default);
        await host.HoldsExactlyAsync(1, 1_600);
    }

    [Fact]
    public async Task A_replay_goes_on_with_its_copy_after_a_crash_and_drops_that_of_another_one()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using (var host = new LoaderUnderTest(url))
        {
            await host.OpenShadow(null).OpenAsync(16, default);
            var killed = host.OpenShadow(null);
            await killed.OpenAsync(17, default);
            await LoadAsync(killed, 1, 300);
            await killed.CheckpointAsync(default);
            await LoadAsync(killed, 301, 400);
        }

        using var next = new LoaderUnderTest(url);
        var shadow = next.OpenShadow(null);
        (await shadow.OpenAsync(17, default)).ShouldBe(300);
        await LoadAsync(shadow, 301, 450, isRepeat: true);
        await shadow.SwapAsync(450, default);
        await next.HoldsExactlyAsync(1, 450);

        (await shadow.OpenAsync(18, default)).ShouldBe(0);
        (await TablesAsync(next)).ShouldBe(2);
        await shadow.DropAsync(default);
        (await TablesAsync(next)).ShouldBe(1);
        await Should.ThrowAsync<CopyInterruptedException>(() => LoadAsync(shadow, 1, 10));
    }

    [Fact]
    public async Task What_a_host_sends_whose_replay_went_to_another_one_comes_to_nothing()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var paused = new LoaderUnderTest(url);
        using var other = new LoaderUnderTest(url);
        var before = paused.OpenShadow(null);
        await before.OpenAsync(17, default);
        await LoadAsync(before, 1, 100);
        var after = other.OpenShadow(null);
        (await after.OpenAsync(17, default)).ShouldBe(0);
        await Should.ThrowAsync<CopyInterruptedException>(() => LoadAsync(before, 101, 200));
        await LoadAsync(after, 1, 200, isRepeat: true);
        await after.SwapAsync(200, default);
        await other.HoldsExactlyAsync(1, 200);
    }

    [Fact]
    public async Task Without_a_copy_there_is_nothing_to_exchange()
    {
        using var host = new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync());
        await Should.ThrowAsync<InvalidOperationException>(() => host.OpenShadow(null).SwapAsync(1, default));
    }

    [Fact]
    public async Task No_epoch_begins_while_the_tables_are_exchanged_and_an_abandoned_pause_is_ended()
    {
        using var host = new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync());
        await host.TakeOverAsync();
        await host.LoadAsync(1, 100);
        var shadow = host.OpenShadow(null);
        await shadow.OpenAsync(17, default);
        await host.Pause.BeginAsync("dead", null, default);
        (await Should.ThrowAsync<ProgressLostException>(() => host.LoadAsync(101, 200))).DurablePosition.ShouldBe(0);
        await Should.ThrowAsync<EpochRefusedException>(() => host.LoadAsync(1, 200, isRepeat: true));
        LoadingFaults.IsTransient(new EpochRefusedException("")).ShouldBeTrue();
        var name = await NameAsync(host);

        // The pause is an hour old by the server's clock. The exchange that its dead host may have sent can no longer happen.
        await host.Client.ExecuteAsync(new("INSERT INTO loader_epochs SELECT 'analytics:exchange/dead', max(epoch) + 1, 'held', now64(3) - 3600 FROM loader_epochs"));
        await Should.ThrowAsync<EpochRefusedException>(() => host.LoadAsync(1, 200, isRepeat: true));
        (await Should.ThrowAsync<ClickHouseException>(() => host.Client.ExecuteAsync(new($"EXCHANGE TABLES usage AND {name}")))).Code.ShouldBe(60);
        await host.LoadAsync(1, 200, isRepeat: true);
        await host.HoldsExactlyAsync(1, 200);
        (await TablesAsync(host)).ShouldBe(2);
    }

    internal static async Task LoadAsync(ShadowUsage shadow, long first, long last, bool isRepeat = false)
    {
        using var records = Events.Range(first, last);
        await shadow.LoadAsync(Events.Batch(records, isRepeat), default);
    }

    internal static Task<long> TablesAsync(LoaderUnderTest host) =>
        host.NumberAsync("SELECT count() FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'usage')");

    private static async Task<string> DefinitionAsync(LoaderUnderTest host)
    {
        await using var rows = await host.Client.QueryAsync(
            new("SELECT replaceRegexpOne(create_table_query, ' COMMENT .*', '') FROM system.tables WHERE database = currentDatabase() AND name = 'usage'"));
        await rows.ReadAsync();
        return rows.GetString(0);
    }

    private static async Task<string> NameAsync(LoaderUnderTest host)
    {
        await using var rows = await host.Client.QueryAsync(new("SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'usage_copy_')"));
        await rows.ReadAsync();
        return rows.GetString(0);
    }
}

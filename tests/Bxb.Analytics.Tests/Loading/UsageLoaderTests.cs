using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Loading.Inserts;
using Bxb.Analytics.Loading.Rows;
using Bxb.ClickHouse;
using Bxb.EventLog.Records;
using Bxb.Riders;
using Bxb.Testing;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>Each event is in ClickHouse exactly once, whatever happens between the host and the engine.</summary>
public class UsageLoaderTests
{
    [Fact]
    public async Task Batches_go_in_whole()
    {
        using var host = new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync());
        (await host.TakeOverAsync()).ShouldBe(0);
        await host.LoadAsync(1, 3_000);
        await host.LoadAsync(3_001, 3_001);
        await host.HoldsExactlyAsync(1, 3_001);
        (await host.NumberAsync("SELECT count() FROM usage WHERE organization_id = 7 AND code = 'tokens' AND toStartOfDay(timestamp) >= '2026-01-01 00:00:00' SETTINGS force_optimize_projection = 1"))
            .ShouldBe(3_001);
    }

    [Fact]
    public async Task A_batch_that_was_acknowledged_but_not_noted_as_progress_adds_nothing_when_it_comes_again()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using (var killed = new LoaderUnderTest(url))
        {
            await killed.TakeOverAsync();
            await killed.LoadAsync(1, 500);
            await killed.LoadAsync(501, 1_000);
            await killed.LoadAsync(501, 1_000, isRepeat: true);
            // The host is killed here: its progress is 500, its checkpoint 0.
        }

        using var next = new LoaderUnderTest(url);
        (await next.TakeOverAsync()).ShouldBe(0);
        await next.LoadAsync(1, 500, isRepeat: true);
        await next.LoadAsync(501, 1_000, isRepeat: true);
        await next.LoadAsync(1_001, 1_500);
        await next.HoldsExactlyAsync(1, 1_500);
    }

    [Fact]
    public async Task Halves_and_overlaps_of_what_is_there_in_part_fill_the_rest()
    {
        using var host = new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync());
        await host.TakeOverAsync();
        await host.LoadAsync(1, 100);
        await host.Client.ExecuteAsync(new("ALTER TABLE usage DELETE WHERE position IN (7, 50, 51, 100) SETTINGS mutations_sync = 1"));
        await host.LoadAsync(101, 200);

        await host.LoadAsync(1, 50, isRepeat: true);
        await host.LoadAsync(51, 90, isRepeat: true);
        await host.LoadAsync(80, 150, isRepeat: true);
        await host.HoldsExactlyAsync(1, 200);
    }

    [Fact]
    public async Task An_answer_that_is_lost_leads_to_a_repair()
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        using var host = new LoaderUnderTest(path.Url);
        await host.TakeOverAsync();
        await host.LoadAsync(1, 100);
        path.OnInsert = async (context, work) =>
        {
            (await work()).ShouldBe(200);
            context.Abort();
        };
        (await Should.ThrowAsync<ClickHouseException>(() => host.LoadAsync(101, 200))).MayStillRun.ShouldBeTrue();

        path.OnInsert = null;
        await host.LoadAsync(101, 200, isRepeat: true);
        await host.LoadAsync(201, 300);
        await host.HoldsExactlyAsync(1, 300);
    }

    [Fact]
    public async Task An_insert_that_times_out_and_arrives_late_comes_to_nothing()
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        using var host = new LoaderUnderTest(path.Url, insertTimeout: TimeSpan.FromSeconds(5));
        await host.TakeOverAsync();
        var release = new TaskCompletionSource();
        var late = new TaskCompletionSource<int>();
        path.OnInsert = async (_, work) =>
        {
            await release.Task;
            late.SetResult(await work());
        };
        (await Should.ThrowAsync<ClickHouseException>(() => host.LoadAsync(1, 100))).IsTimeout.ShouldBeTrue();

        path.OnInsert = null;
        await host.LoadAsync(1, 100, isRepeat: true);
        release.SetResult();
        (await late.Task).ShouldBe(500);
        await host.HoldsExactlyAsync(1, 100);

        await host.LoadAsync(101, 200);
        await host.HoldsExactlyAsync(1, 200);
    }

    [Fact]
    public async Task A_cancelled_insert_is_repaired()
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        using var host = new LoaderUnderTest(path.Url);
        await host.TakeOverAsync();
        var done = new TaskCompletionSource();
        path.OnInsert = async (context, work) =>
        {
            await work();
            done.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        };
        using var records = Events.Range(1, 100);
        using var cancel = new CancellationTokenSource();
        var load = host.Loader.LoadAsync(Events.Batch(records), cancel.Token);
        await done.Task;
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => load);

        path.OnInsert = null;
        await host.LoadAsync(1, 100, isRepeat: true);
        await host.HoldsExactlyAsync(1, 100);
    }

    [Fact]
    public async Task What_a_host_sends_that_was_paused_and_replaced_is_refused()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var paused = new LoaderUnderTest(url);
        using var other = new LoaderUnderTest(url);
        await paused.TakeOverAsync();
        await paused.LoadAsync(1, 100);

        await other.TakeOverAsync();
        await other.LoadAsync(101, 200, isRepeat: true);
        await Should.ThrowAsync<ProgressLostException>(() => paused.LoadAsync(101, 200));
        await other.LoadAsync(201, 300);
        await other.HoldsExactlyAsync(1, 300);
    }

    [Fact]
    public async Task The_first_insert_of_the_same_batch_twice_is_refused_by_its_token()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var host = new LoaderUnderTest(url);
        await host.TakeOverAsync();
        await host.LoadAsync(1, 100);
        await host.Client.ExecuteAsync(new("DETACH TABLE usage"));
        await host.Client.ExecuteAsync(new("ATTACH TABLE usage"));
        using var records = Events.Range(1, 100);
        using var rows = new UsageRowWriter();
        var batch = Events.Batch(records);
        rows.Write(batch, MonthSlice.All);
        var owner = await OwnerAsync(host);
        await host.Client.InsertAsync(new InsertStatements("usage").First(batch, 0, new(LoadPartition.Log, owner, null, 0, 0)), rows.Rows);
        await host.HoldsExactlyAsync(1, 100);
    }

    [Fact]
    public async Task A_checkpoint_is_made_of_what_was_acknowledged_and_outlives_the_host()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using (var host = new LoaderUnderTest(url))
        {
            await host.Loader.CheckpointAsync(default);
            await host.TakeOverAsync();
            (await host.CheckpointAsync()).ShouldBe(0);
            await host.LoadAsync(1, 100);
            (await host.CheckpointAsync()).ShouldBe(100);
            await host.LoadAsync(101, 200);
            await host.LoadAsync(1, 50, isRepeat: true);
            (await host.CheckpointAsync()).ShouldBe(200);
            (await host.CheckpointAsync()).ShouldBe(200);
            (await host.NumberAsync("SELECT count() FROM loader_checkpoints FINAL")).ShouldBe(1);
            await host.LoadAsync(201, 300);
        }

        using var next = new LoaderUnderTest(url);
        (await next.TakeOverAsync()).ShouldBe(200);
    }

    [Fact]
    public async Task A_host_that_was_replaced_makes_no_checkpoint()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var paused = new LoaderUnderTest(url);
        await paused.TakeOverAsync();
        await paused.LoadAsync(1, 100);
        using var other = new LoaderUnderTest(url);
        await other.TakeOverAsync();
        (await paused.CheckpointAsync()).ShouldBe(0);
        (await other.TakeOverAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_batch_without_rows_moves_on()
    {
        using var host = new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync());
        await host.TakeOverAsync();
        using var records = EventRecords.Rent();
        Events.Add(records, 9, "{}", Events.Start, EventKind.Voided);
        await host.LoadAsync(records);
        (await host.CheckpointAsync()).ShouldBe(9);
        (await host.NumberAsync("SELECT count() FROM usage")).ShouldBe(0);
    }

    [Fact]
    public async Task Tables_that_are_gone_are_made_again_and_the_group_goes_back()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var host = new LoaderUnderTest(url);
        await host.TakeOverAsync();
        await host.LoadAsync(1, 100);
        await host.CheckpointAsync();
        var database = host.Client.Database!;
        await TestClickHouse.ExecuteAsync(new UriBuilder(url) { Query = "" }.Uri, $"DROP DATABASE {database}");

        (await Should.ThrowAsync<ProgressLostException>(() => host.LoadAsync(101, 200))).DurablePosition.ShouldBe(0);
        await host.LoadAsync(1, 100, isRepeat: true);
        await host.LoadAsync(101, 200, isRepeat: true);
        await host.HoldsExactlyAsync(1, 200);
    }

    private static async Task<string> OwnerAsync(LoaderUnderTest host)
    {
        await using var rows = await host.Client.QueryAsync(new("SELECT argMax(owner, epoch) FROM loader_epochs"));
        await rows.ReadAsync();
        return rows.GetString(0);
    }
}

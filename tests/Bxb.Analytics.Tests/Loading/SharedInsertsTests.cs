using Bxb.Riders;
using Bxb.Testing;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>Lanes of one host that load at the same time share an insert, and neither a lane that gives up nor one that was taken over harms the others.</summary>
public sealed class SharedInsertsTests : IAsyncLifetime
{
    private const string Topic = "bxb.events";
    private const int Lanes = 4;

    private readonly ManualTimeProvider _time = new();
    private FaultyPath _path = null!;
    private LoaderUnderTest _host = null!;
    private int _inserts;

    public async Task InitializeAsync()
    {
        _path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        _host = new LoaderUnderTest(_path.Url, time: _time);
        for (var lane = 0; lane < Lanes; lane++)
        {
            await _host.TakeOverAsync(Topic, lane);
        }

        await LoadTogetherAsync([.. Enumerable.Range(0, Lanes).Select(l => LoadAsync(l, 1, 100))]);
        _path.OnStatement = async (sql, _, pass) =>
        {
            if (sql.StartsWith("INSERT INTO usage", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _inserts);
            }

            await pass();
        };
    }

    public async Task DisposeAsync()
    {
        _host.Dispose();
        await _path.DisposeAsync();
    }

    [Fact]
    public async Task What_lanes_bring_until_the_next_insert_goes_in_by_one_statement()
    {
        await LoadTogetherAsync([.. Enumerable.Range(0, Lanes).Select(l => LoadAsync(l, 101, 900))]);
        _inserts.ShouldBe(1);
        await _host.HoldsExactlyAsync(1, 900);
    }

    [Fact]
    public async Task The_first_lane_waits_a_little_for_the_others_and_a_late_one_for_half_of_the_time_between_beats()
    {
        _time.Advance(LoaderUnderTest.SharedEvery);
        var first = LoadAsync(0, 101, 900);
        (await _time.NextTimerAsync()).ShouldBe(LoaderUnderTest.SharedEvery / 8);
        var others = Task.WhenAll(LoadAsync(1, 101, 900), LoadAsync(2, 101, 900));
        _time.Advance(LoaderUnderTest.SharedEvery / 8);
        await Task.WhenAll(first, others);
        var late = LoadAsync(3, 101, 900);
        (await _time.NextTimerAsync()).ShouldBe(LoaderUnderTest.SharedEvery / 2);
        await LoadTogetherAsync([late]);
        _inserts.ShouldBe(2);
        await _host.HoldsExactlyAsync(1, 900);
    }

    [Fact]
    public async Task A_full_insert_waits_for_nothing()
    {
        // Four times 1,500 rows, of which 5,000 fit: three make it full, and the fourth waits.
        var loading = Enumerable.Range(0, Lanes).Select(l => LoadAsync(l, 101, 6_100)).ToList();
        await Task.WhenAll(loading.Take(3));
        loading[3].IsCompleted.ShouldBeFalse();
        await LoadTogetherAsync(loading);
        _inserts.ShouldBe(2);
        await _host.HoldsExactlyAsync(1, 6_100);
    }

    [Fact]
    public async Task A_lane_that_gives_up_before_the_insert_is_left_out()
    {
        using var gaveUp = new CancellationTokenSource();
        var leaving = LoadAsync(1, 101, 500, cancellationToken: gaveUp.Token);
        var staying = LoadAsync(0, 101, 500);
        await gaveUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => leaving);
        await LoadTogetherAsync([staying]);
        (await _host.NumberAsync("SELECT count() FROM usage WHERE position > 100")).ShouldBe(100);
        await LoadAsync(1, 101, 500, isRepeat: true);
        await LoadTogetherAsync([LoadAsync(2, 101, 500), LoadAsync(3, 101, 500)]);
        await _host.HoldsExactlyAsync(1, 500);
    }

    [Fact]
    public async Task A_lane_that_gives_up_while_it_is_sent_looks_for_its_rows_the_next_time()
    {
        using var gaveUp = new CancellationTokenSource();
        var (sent, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        _path.OnStatement = async (_, _, pass) =>
        {
            sent.TrySetResult();
            await go.Task;
            await pass();
        };
        var leaving = LoadAsync(1, 101, 500, cancellationToken: gaveUp.Token);
        var staying = LoadAsync(0, 101, 500);
        await _time.AdvanceTimerAsync(LoaderUnderTest.SharedEvery);
        await sent.Task;
        await gaveUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => leaving);
        _path.OnStatement = null;
        go.SetResult();
        await staying;
        await LoadAsync(1, 101, 500, isRepeat: true);
        await LoadTogetherAsync([LoadAsync(2, 101, 500), LoadAsync(3, 101, 500)]);
        await _host.HoldsExactlyAsync(1, 500);
    }

    [Fact]
    public async Task When_one_of_its_lanes_was_taken_over_the_others_go_on_alone()
    {
        using var other = new LoaderUnderTest(_path.Direct);
        (await other.TakeOverAsync(Topic, 1)).ShouldBe(0);
        var lost = LoadAsync(1, 101, 500);
        await LoadTogetherAsync([LoadAsync(0, 101, 500), LoadAsync(2, 101, 500), LoadAsync(3, 101, 500)]);
        await Should.ThrowAsync<ProgressLostException>(() => lost);
        await other.LoadAsync(Topic, 1, Lanes, 1, 500, isRepeat: true);
        await _host.HoldsExactlyAsync(1, 500);
    }

    [Fact]
    public async Task One_that_arrives_after_one_of_its_lanes_was_taken_over_comes_to_nothing_and_the_others_repair()
    {
        using var other = new LoaderUnderTest(_path.Direct);
        var (sent, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        _path.OnStatement = async (sql, _, pass) =>
        {
            if (sql.StartsWith("INSERT INTO usage", StringComparison.Ordinal) && sent.TrySetResult())
            {
                await go.Task;
            }

            await pass();
        };
        var lost = LoadAsync(1, 101, 500);
        var others = Task.WhenAll(LoadAsync(0, 101, 500), LoadAsync(2, 101, 500), LoadAsync(3, 101, 500));
        await _time.AdvanceTimerAsync(LoaderUnderTest.SharedEvery);
        await sent.Task;
        await other.TakeOverAsync(Topic, 1);
        await other.LoadAsync(Topic, 1, Lanes, 1, 500, isRepeat: true);
        go.SetResult();
        await others;
        await Should.ThrowAsync<ProgressLostException>(() => lost);
        await _host.HoldsExactlyAsync(1, 500);
    }

    [Fact]
    public async Task One_whose_end_is_unknown_is_repaired_lane_by_lane()
    {
        _path.OnStatement = async (sql, context, pass) =>
        {
            await pass();
            if (sql.StartsWith("INSERT INTO usage", StringComparison.Ordinal))
            {
                context.Abort();
            }
        };
        var loading = Enumerable.Range(0, Lanes).Select(l => LoadAsync(l, 101, 500)).ToList();
        await _time.AdvanceTimerAsync(LoaderUnderTest.SharedEvery);
        foreach (var lane in loading)
        {
            (await Should.ThrowAsync<ClickHouse.ClickHouseException>(() => lane)).MayStillRun.ShouldBeTrue();
        }

        _path.OnStatement = null;
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(l => LoadAsync(l, 101, 500, isRepeat: true)));
        await _host.HoldsExactlyAsync(1, 500);
    }

    private Task LoadAsync(int lane, long first, long last, bool isRepeat = false, CancellationToken cancellationToken = default) =>
        _host.LoadAsync(Topic, lane, Lanes, first, last, isRepeat, cancellationToken);

    /// <summary>What has joined goes in, and the next may follow.</summary>
    private async Task LoadTogetherAsync(IEnumerable<Task> loading)
    {
        var all = Task.WhenAll(loading);
        await _time.AdvanceTimerAsync(LoaderUnderTest.SharedEvery);
        await all;
    }
}

using Bxb.Riders;
using Bxb.Testing;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>Partitions of one host that load at the same time have one insert. A partition that gives up or is taken over does not harm the others.</summary>
public sealed class InsertCoalescerTests : IAsyncLifetime
{
    private const string Topic = "bxb.events";
    private const int Partitions = 4;

    private readonly ManualTimeProvider _time = new();
    private FaultyPath _path = null!;
    private LoaderUnderTest _host = null!;
    private int _inserts;

    public async Task InitializeAsync()
    {
        _path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        _host = new LoaderUnderTest(_path.Url, time: _time);
        for (var partition = 0; partition < Partitions; partition++)
        {
            await _host.TakeOverAsync(Topic, partition);
        }

        await LoadTogetherAsync([.. Enumerable.Range(0, Partitions).Select(l => LoadAsync(l, 1, 100))]);
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
    public async Task Batches_that_arrive_before_the_next_insert_are_inserted_by_one_statement()
    {
        await LoadTogetherAsync([.. Enumerable.Range(0, Partitions).Select(l => LoadAsync(l, 101, 900))]);
        _inserts.ShouldBe(1);
        await _host.HoldsExactlyAsync(1, 900);
    }

    [Fact]
    public async Task The_first_batch_waits_an_eighth_of_the_longest_wait_and_a_late_one_half_of_it()
    {
        _time.Advance(LoaderUnderTest.MaxWait);
        var first = LoadAsync(0, 101, 900);
        (await _time.NextTimerAsync()).ShouldBe(LoaderUnderTest.MaxWait / 8);
        var others = Task.WhenAll(LoadAsync(1, 101, 900), LoadAsync(2, 101, 900));
        _time.Advance(LoaderUnderTest.MaxWait / 8);
        await Task.WhenAll(first, others);
        var late = LoadAsync(3, 101, 900);
        (await _time.NextTimerAsync()).ShouldBe(LoaderUnderTest.MaxWait / 2);
        await LoadTogetherAsync([late]);
        _inserts.ShouldBe(2);
        await _host.HoldsExactlyAsync(1, 900);
    }

    [Fact]
    public async Task A_full_insert_waits_for_nothing()
    {
        // Each batch has 1,500 rows and 5,000 fit: the fourth batch does not fit and waits.
        var loading = Enumerable.Range(0, Partitions).Select(l => LoadAsync(l, 101, 6_100)).ToList();
        await Task.WhenAll(loading.Take(3));
        loading[3].IsCompleted.ShouldBeFalse();
        await LoadTogetherAsync(loading);
        _inserts.ShouldBe(2);
        await _host.HoldsExactlyAsync(1, 6_100);
    }

    [Fact]
    public async Task A_partition_that_gives_up_before_the_insert_is_left_out()
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
    public async Task A_partition_that_gives_up_during_the_insert_repairs_its_rows_the_next_time()
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
        await _time.AdvanceTimerAsync(LoaderUnderTest.MaxWait);
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
    public async Task When_one_of_its_partitions_was_taken_over_the_others_insert_alone()
    {
        using var other = new LoaderUnderTest(_path.Direct);
        (await other.TakeOverAsync(Topic, 1)).ShouldBe(0);
        var lost = LoadAsync(1, 101, 500);
        await LoadTogetherAsync([LoadAsync(0, 101, 500), LoadAsync(2, 101, 500), LoadAsync(3, 101, 500)]);
        await Should.ThrowAsync<ProgressLostException>(() => lost);
        await other.LoadAsync(Topic, 1, Partitions, 1, 500, isRepeat: true);
        await _host.HoldsExactlyAsync(1, 500);
    }

    [Fact]
    public async Task An_insert_that_arrives_after_one_of_its_partitions_was_taken_over_is_refused_and_the_others_repair()
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
        await _time.AdvanceTimerAsync(LoaderUnderTest.MaxWait);
        await sent.Task;
        await other.TakeOverAsync(Topic, 1);
        await other.LoadAsync(Topic, 1, Partitions, 1, 500, isRepeat: true);
        go.SetResult();
        await others;
        await Should.ThrowAsync<ProgressLostException>(() => lost);
        await _host.HoldsExactlyAsync(1, 500);
    }

    [Fact]
    public async Task An_insert_whose_outcome_is_unknown_is_repaired_partition_by_partition()
    {
        _path.OnStatement = async (sql, context, pass) =>
        {
            await pass();
            if (sql.StartsWith("INSERT INTO usage", StringComparison.Ordinal))
            {
                context.Abort();
            }
        };
        var loading = Enumerable.Range(0, Partitions).Select(l => LoadAsync(l, 101, 500)).ToList();
        await _time.AdvanceTimerAsync(LoaderUnderTest.MaxWait);
        foreach (var load in loading)
        {
            (await Should.ThrowAsync<ClickHouse.ClickHouseException>(() => load)).MayStillRun.ShouldBeTrue();
        }

        _path.OnStatement = null;
        await Task.WhenAll(Enumerable.Range(0, Partitions).Select(l => LoadAsync(l, 101, 500, isRepeat: true)));
        await _host.HoldsExactlyAsync(1, 500);
    }

    private Task LoadAsync(int partition, long first, long last, bool isRepeat = false, CancellationToken cancellationToken = default) =>
        _host.LoadAsync(Topic, partition, Partitions, first, last, isRepeat, cancellationToken);

    /// <summary>Advances the clock so that the batches that have joined are inserted.</summary>
    private async Task LoadTogetherAsync(IEnumerable<Task> loading)
    {
        var all = Task.WhenAll(loading);
        await _time.AdvanceTimerAsync(LoaderUnderTest.MaxWait);
        await all;
    }
}

using Bxb.Riders.Compliance;
using Bxb.Riders.Replays;
using Bxb.Riders.Replays.Shadow;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Riders.Tests;

/// <summary>A copy of a group's store is built from the log, compared, and swapped in, in spite of failures.</summary>
public sealed class ShadowReplayTests : IAsyncLifetime
{
    private const string Group = "shadowed";
    private static readonly ReplayRequest Everything = new(new ReplayBound(Position: 0), Target: ReplayTarget.Shadow);
    private readonly TransportRig _rig = new();
    private readonly FakeShadow _shadow = new();

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_copy_is_filled_compared_and_swapped_in_while_the_group_goes_on()
    {
        var host = await StartAsync();
        var positions = await _rig.AppendAsync(100);
        await host.WaitForAsync(Group, positions[^1]);
        var asked = await AskAsync(host);
        (asked.Target, asked.Source, asked.From).ShouldBe((ReplayTarget.Shadow, ReplaySource.Log, 1));
        var done = await EndAsync(host, asked.Id);
        (done.State, done.Events, done.Error).ShouldBe((ReplayState.Done, 100, null));
        _shadow.Rows.ShouldBe(positions);
        _shadow.Calls.ShouldBe([$"open {asked.Id}", $"verify {done.To}", $"swap {done.To}"]);
        _shadow.Repeats.ShouldBe(0);

        // The live group has no replay.
        host.Stage.Positions(Group).ShouldBe(positions);
        (await _rig.ScalarAsync<long>("select count(*) from event_log.replay_ranges")).ShouldBe(0);
    }

    [Fact]
    public async Task The_copy_never_goes_beyond_what_the_group_has_processed()
    {
        var gate = new TaskCompletionSource();
        var stuck = 0L;
        var host = await StartAsync((batch, _) => Volatile.Read(ref stuck) > 0 && batch.LastPosition >= Volatile.Read(ref stuck) ? gate.Task : Task.CompletedTask);
        var positions = await _rig.AppendAsync(40);
        await host.WaitForAsync(Group, positions[^1]);
        Volatile.Write(ref stuck, positions[^1] + 1);
        await _rig.AppendAsync(40);
        await Eventually.HoldsAsync(() => host.Stage.Positions(Group).Count > 40, "The group has something in hand");
        var done = await EndAsync(host, (await AskAsync(host)).Id);
        done.State.ShouldBe(ReplayState.Done);
        _shadow.Rows.ShouldBe(positions);
        gate.SetResult();
    }

    [Fact]
    public async Task What_differs_fails_it_and_the_copy_is_dropped()
    {
        var host = await StartAsync();
        await host.WaitForAsync(Group, (await _rig.AppendAsync(10))[^1]);
        _shadow.Difference = "The log has 10 events of 2026-01-01, the copy 9.";
        var failed = await EndAsync(host, (await AskAsync(host)).Id);
        (failed.State, failed.Error).ShouldBe((ReplayState.Failed, "The log has 10 events of 2026-01-01, the copy 9."));
        _shadow.Calls[^1].ShouldBe("drop");
        _shadow.Rows.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_passes_is_tried_again_with_what_was_handed_out_as_a_repeat()
    {
        var host = await StartAsync();
        var positions = await _rig.AppendAsync(100);
        await host.WaitForAsync(Group, positions[^1]);
        var failures = 2;
        _shadow.OnLoad = batch =>
        {
            if (batch.FirstPosition > positions[30] && failures-- > 0)
            {
                throw new TimeoutException("The store is away.");
            }

            return Task.CompletedTask;
        };
        var done = await EndAsync(host, (await AskAsync(host)).Id);
        (done.State, done.Error).ShouldBe((ReplayState.Done, null));
        _shadow.Rows.ShouldBe(positions);
        _shadow.Violations.ShouldBe(0);
        _shadow.Repeats.ShouldBeGreaterThan(0);
        done.Events.ShouldBe(100);
    }

    [Fact]
    public async Task What_will_not_pass_fails_it()
    {
        var host = await StartAsync();
        await host.WaitForAsync(Group, (await _rig.AppendAsync(10))[^1]);
        _shadow.OnLoad = _ => throw new FormatException("No store can hold this.");
        var failed = await EndAsync(host, (await AskAsync(host)).Id);
        failed.State.ShouldBe(ReplayState.Failed);
        failed.Error.ShouldNotBeNull().ShouldContain("No store can hold this.");
        _shadow.Calls[^1].ShouldBe("drop");
    }

    [Fact]
    public async Task Cancelled_in_the_middle_of_a_call_it_drops_the_copy()
    {
        var host = await StartAsync();
        await host.WaitForAsync(Group, (await _rig.AppendAsync(50))[^1]);
        var inHand = new TaskCompletionSource();
        _shadow.OnLoad = _ =>
        {
            inHand.TrySetResult();
            return new TaskCompletionSource().Task;
        };
        var asked = await AskAsync(host);
        await inHand.Task;
        (await Replays(host).CancelAsync(Group, asked.Id, CancellationToken.None)).ShouldNotBeNull().IsEnding.ShouldBeTrue();
        (await EndAsync(host, asked.Id)).State.ShouldBe(ReplayState.Cancelled);
        _shadow.Calls[^1].ShouldBe("drop");

        // The next replay starts with an empty copy.
        _shadow.OnLoad = _ => Task.CompletedTask;
        (await EndAsync(host, (await AskAsync(host)).Id)).State.ShouldBe(ReplayState.Done);
    }

    [Theory]
    [InlineData("load")]
    [InlineData("verify")]
    [InlineData("swap")]
    public async Task Another_host_goes_on_when_the_one_at_work_is_killed(string at)
    {
        var first = await StartAsync();
        var positions = await _rig.AppendAsync(100);
        await first.WaitForAsync(Group, positions[^1]);
        var reached = new TaskCompletionSource();
        var calls = 0;
        Func<Task> stop = () =>
        {
            if (Interlocked.Increment(ref calls) != (at == "load" ? 4 : 1))
            {
                return Task.CompletedTask;
            }

            reached.TrySetResult();
            return new TaskCompletionSource().Task;
        };
        switch (at)
        {
            case "load":
                _shadow.OnLoad = _ => stop();
                break;
            case "verify":
                _shadow.OnVerify = stop;
                break;
            default:
                _shadow.OnSwap = stop;
                break;
        }

        var asked = await AskAsync(first);
        await reached.Task;
        var second = await StartAsync();
        await _rig.EndLeasesAsync();
        var done = await EndAsync(second, asked.Id);
        (done.State, done.Events).ShouldBe((ReplayState.Done, 100));
        _shadow.Rows.ShouldBe(positions);
        _shadow.Violations.ShouldBe(0);
        _shadow.Calls.Count(c => c.StartsWith("swap", StringComparison.Ordinal)).ShouldBe(at == "swap" ? 2 : 1);
        _shadow.Calls.Count(c => c.StartsWith("open", StringComparison.Ordinal)).ShouldBe(at == "swap" ? 1 : 2);
    }

    [Fact]
    public async Task A_copy_has_all_of_the_log_or_is_refused()
    {
        var host = await StartAsync();
        (await RefusedAsync(host, Everything)).Member.ShouldBe("Target");
        var positions = await _rig.AppendAsync(10);
        await host.WaitForAsync(Group, positions[^1]);
        (await RefusedAsync(host, Everything with { From = new(Position: positions[5]) })).Member.ShouldBe("From");
        (await RefusedAsync(host, Everything with { To = new(Position: positions[5]) })).Member.ShouldBe("To");
        (await RefusedAsync(host, Everything with { Source = ReplaySource.Kafka })).Member.ShouldBe("Source");
    }

    private async Task<ComplianceHost> StartAsync(Script? script = null) =>
        await _rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 10, script).Services.AddShadowStore(Group, _ => _shadow));

    private static GroupReplays Replays(ComplianceHost host) => host.Services.GetRequiredService<GroupReplays>();

    private static async Task<ReplayStatus> AskAsync(ComplianceHost host) => (await Replays(host).StartAsync(Group, Everything, CancellationToken.None)).ShouldNotBeNull();

    private static Task<ReplayRefusedException> RefusedAsync(ComplianceHost host, ReplayRequest request) =>
        Should.ThrowAsync<ReplayRefusedException>(() => Replays(host).StartAsync(Group, request, CancellationToken.None));

    private static async Task<ReplayStatus> EndAsync(ComplianceHost host, long id)
    {
        ReplayStatus? replay = null;
        await Eventually.HoldsAsync(async () => (replay = await Replays(host).GetAsync(Group, id, CancellationToken.None)) is { IsOver: true }, "The replay ends");
        return replay!;
    }

    /// <summary>A copy in memory that loses rows that are not durable when it is opened again. Thread-safe.</summary>
    private sealed class FakeShadow : IShadowStore
    {
        private readonly Lock _gate = new();
        private readonly SortedSet<long> _rows = [];
        private readonly List<string> _calls = [];
        private long _replay;
        private long _safe;
        private long _loaded;

        public Func<EventBatch, Task> OnLoad { get; set; } = _ => Task.CompletedTask;

        public Func<Task> OnVerify { get; set; } = () => Task.CompletedTask;

        public Func<Task> OnSwap { get; set; } = () => Task.CompletedTask;

        public string? Difference { get; set; }

        public int Repeats { get; private set; }

        public int Violations { get; private set; }

        public IReadOnlyList<long> Rows
        {
            get
            {
                lock (_gate)
                {
                    return [.. _rows];
                }
            }
        }

        public IReadOnlyList<string> Calls
        {
            get
            {
                lock (_gate)
                {
                    return [.. _calls];
                }
            }
        }

        public Task<long> OpenAsync(long replay, CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                if (_replay != replay)
                {
                    _rows.Clear();
                    (_replay, _safe) = (replay, 0);
                }

                // Half of the rows that are not durable are lost.
                _rows.RemoveWhere(p => p > _safe && p % 2 == 0);
                _loaded = _safe;
                _calls.Add($"open {replay}");
                return Task.FromResult(_safe);
            }
        }

        public async Task LoadAsync(EventBatch batch, CancellationToken cancellationToken)
        {
            var positions = Delivered.From(batch).Positions;
            lock (_gate)
            {
                Repeats += batch.IsRepeat ? 1 : 0;
                Violations += (positions[0] <= _loaded ? 1 : 0) + (!batch.IsRepeat && positions.Any(_rows.Contains) ? 1 : 0);
                _rows.UnionWith(positions.Take(positions.Count / 2));
            }

            await OnLoad(batch).WaitAsync(cancellationToken);
            lock (_gate)
            {
                _rows.UnionWith(positions);
                _loaded = positions[^1];
            }
        }

        public Task<long> CheckpointAsync(CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                _safe = Math.Max(_safe, _loaded);
                return Task.FromResult(_safe);
            }
        }

        public async Task<string?> VerifyAsync(long upTo, CancellationToken cancellationToken)
        {
            Note($"verify {upTo}");
            await OnVerify().WaitAsync(cancellationToken);
            return Difference;
        }

        public async Task SwapAsync(long upTo, CancellationToken cancellationToken)
        {
            Note($"swap {upTo}");
            await OnSwap().WaitAsync(cancellationToken);
        }

        public Task DropAsync(CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                _calls.Add("drop");
                _rows.Clear();
                _replay = 0;
            }

            return Task.CompletedTask;
        }

        private void Note(string call)
        {
            lock (_gate)
            {
                _calls.Add(call);
            }
        }
    }
}

using Bxb.Riders.Replays;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Riders.Compliance;

/// <summary>A replay delivers processed records to a group again, as repeats; then the group continues where it was.</summary>
public abstract class ReplayCompliance : TransportCompliance
{
    private static readonly ReplayRequest Everything = new(new ReplayBound(Position: 0));

    [Fact]
    public async Task Everything_comes_again_as_a_repeat_and_then_what_is_new()
    {
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 7));
        var before = await Rig.AppendAsync(50);
        await host.WaitForAsync(Group, before[^1]);
        var first = host.Stage.Delivered.Count;
        var asked = (await Replays(host).StartAsync(Group, Everything, CancellationToken.None)).ShouldNotBeNull();
        (asked.State, asked.Target, asked.From, asked.IsOver).ShouldBe((ReplayState.Running, ReplayTarget.Live, 1, false));
        asked.To.ShouldBeGreaterThanOrEqualTo(before[^1]);
        var done = await EndAsync(host, asked.Id);
        var after = await Rig.AppendAsync(5);
        await host.WaitForAsync(Group, after[^1]);
        var again = host.Stage.Delivered.Skip(first).ToList();
        again.Where(d => d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(before);
        again.SkipWhile(d => d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(after);
        again.ShouldAllBe(d => d.Positions.Count <= 7);
        (done.State, done.Events, done.EventsEstimate, done.Error, done.Position).ShouldBe((ReplayState.Done, 50, 50, null, done.To));
        done.FinishedAt.ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(done.StartedAt);
        (await Replays(host).ListAsync(Group, CancellationToken.None)).ShouldNotBeNull().ShouldHaveSingleItem().ShouldBe(done);
    }

    [Fact]
    public async Task While_it_runs_the_group_stays_where_it_was_for_everybody_else()
    {
        var gate = new TaskCompletionSource();
        var replaying = 0;
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 10, (_, _) => Volatile.Read(ref replaying) == 1 ? gate.Task : Task.CompletedTask));
        var other = await Rig.StartHostAsync(b => b.Group("unrelated"));
        var before = await Rig.AppendAsync(30);
        await host.WaitForAsync(Group, before[^1]);
        var first = host.Stage.Delivered.Count;
        Volatile.Write(ref replaying, 1);
        var asked = (await Replays(host).StartAsync(Group, Everything, CancellationToken.None)).ShouldNotBeNull();
        await Eventually.HoldsAsync(() => host.Stage.Delivered.Count > first, "The replay has begun");
        foreach (var groups in new[] { host.Groups, other.Groups })
        {
            (await groups.WaitForAsync(Group, before[^1], TimeSpan.Zero, CancellationToken.None)).ShouldBeTrue();
            (await groups.GetAsync(Group, CancellationToken.None)).ShouldNotBeNull().Position.ShouldBeGreaterThanOrEqualTo(before[^1]);
        }

        // New records wait and count as lag.
        var fresh = await Rig.AppendAsync(3);
        (await host.Groups.WaitForAsync(Group, fresh[^1], TimeSpan.FromMilliseconds(50), CancellationToken.None)).ShouldBeFalse();
        await Eventually.HoldsAsync(async () => (await host.Groups.GetAsync(Group, CancellationToken.None))!.LagEvents >= 3);
        (await Replays(other).ListRunningAsync(CancellationToken.None)).ShouldHaveSingleItem().Id.ShouldBe(asked.Id);
        gate.SetResult();
        await host.WaitForAsync(Group, fresh[^1]);
        (await EndAsync(other, asked.Id)).State.ShouldBe(ReplayState.Done);
        host.Stage.Delivered.Skip(first).SelectMany(d => d.Positions).ShouldBe([.. before, .. fresh]);
        (await Replays(other).ListRunningAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Only_what_lies_between_start_and_end_comes_again()
    {
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 4));
        var positions = await Rig.AppendAsync(40);
        await host.WaitForAsync(Group, positions[^1]);
        var first = host.Stage.Delivered.Count;
        var asked = await Replays(host).StartAsync(Group, new(new(Position: positions[10]), new(Position: positions[20])), CancellationToken.None);
        (asked!.From, asked.To).ShouldBe((positions[10], positions[20]));
        (await EndAsync(host, asked.Id)).Events.ShouldBe(11);
        host.Stage.Delivered.Skip(first).SelectMany(d => d.Positions).ShouldBe(positions.Skip(10).Take(11));
    }

    [Fact]
    public async Task What_came_in_between_two_times_comes_again()
    {
        var host = await Rig.StartHostAsync(b => b.Group(Group));
        var batches = new List<IReadOnlyList<long>>();
        for (var i = 0; i < 3; i++)
        {
            batches.Add(await Rig.AppendAsync(10));
            await Rig.ExecuteAsync("select pg_sleep(0.01)");
        }

        await host.WaitForAsync(Group, batches[^1][^1]);
        var first = host.Stage.Delivered.Count;
        var (start, end) = (await IngestedAtAsync(batches[1][0]), await IngestedAtAsync(batches[2][0]));
        var asked = await Replays(host).StartAsync(Group, new(new(Time: start), new(Time: end)), CancellationToken.None);
        (await EndAsync(host, asked!.Id)).Events.ShouldBe(10);
        host.Stage.Delivered.Skip(first).SelectMany(d => d.Positions).ShouldBe(batches[1]);
    }

    [Fact]
    public async Task The_event_log_can_be_read_whatever_the_transport_is()
    {
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 8));
        var positions = await Rig.AppendAsync(60, organizationId: 1);
        var others = await Rig.AppendAsync(60, organizationId: 2);
        await host.WaitForAsync(Group, others[^1]);
        var first = host.Stage.Delivered.Count;
        var asked = await Replays(host).StartAsync(Group, Everything with { Source = ReplaySource.Log }, CancellationToken.None);
        asked!.Source.ShouldBe(ReplaySource.Log);
        (await EndAsync(host, asked.Id)).Events.ShouldBe(120);
        host.Stage.Delivered.Skip(first).SelectMany(d => d.Positions).Order().ShouldBe([.. positions, .. others]);
        host.Stage.Delivered.Skip(first).ShouldAllBe(d => d.IsRepeat);
        var fresh = await Rig.AppendAsync(2);
        await host.WaitForAsync(Group, fresh[^1]);
        host.Stage.Delivered.Where(d => !d.IsRepeat).SelectMany(d => d.Positions).Order().ShouldBe([.. positions, .. others, .. fresh]);
    }

    [Fact]
    public async Task A_crash_in_the_middle_goes_on_from_there_with_the_batch_in_hand()
    {
        var crashed = new TaskCompletionSource();
        var replaying = 0;
        var batches = 0;
        var first = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 5, (_, _) =>
        {
            if (Volatile.Read(ref replaying) == 0 || Interlocked.Increment(ref batches) < 3)
            {
                return Task.CompletedTask;
            }

            crashed.TrySetResult();
            return new TaskCompletionSource().Task;
        }));
        var positions = await Rig.AppendAsync(30);
        await first.WaitForAsync(Group, positions[^1]);
        Volatile.Write(ref replaying, 1);
        var asked = (await Replays(first).StartAsync(Group, Everything, CancellationToken.None)).ShouldNotBeNull();
        await crashed.Task;
        var fresh = await Rig.AppendAsync(5);
        var second = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 5));
        await Rig.EndLeasesAsync();
        await second.WaitForAsync(Group, fresh[^1]);
        (await EndAsync(second, asked.Id)).State.ShouldBe(ReplayState.Done);
        second.Stage.Delivered[0].Positions.ShouldBe(first.Stage.Delivered[^1].Positions);
        second.Stage.Delivered.Where(d => d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(positions.Skip(10));
        second.Stage.Delivered.Where(d => !d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(fresh);
    }

    [Fact]
    public async Task Asked_for_while_no_host_runs_it_begins_with_the_next_one()
    {
        var first = await Rig.StartHostAsync(b => b.Group(Group));
        var positions = await Rig.AppendAsync(10);
        await first.WaitForAsync(Group, positions[^1]);
        await first.StopAsync();
        var elsewhere = await Rig.StartHostAsync(b => b.Group("unrelated"));
        var asked = (await Replays(elsewhere).StartAsync(Group, Everything, CancellationToken.None)).ShouldNotBeNull();
        var second = await Rig.StartHostAsync(b => b.Group(Group));
        (await EndAsync(elsewhere, asked.Id)).State.ShouldBe(ReplayState.Done);
        second.Stage.Positions(Group).ShouldBe(positions);
        second.Stage.Delivered.ShouldAllBe(d => d.IsRepeat);
    }

    [Fact]
    public async Task Cancelled_while_a_batch_fails_again_and_again_it_goes_on_from_where_it_was()
    {
        var failing = 0;
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 5, (batch, _) =>
            Volatile.Read(ref failing) == 1 && batch.IsRepeat ? throw new TimeoutException("away") : Task.CompletedTask));
        var before = await Rig.AppendAsync(20);
        await host.WaitForAsync(Group, before[^1]);
        var first = host.Stage.Delivered.Count;
        Volatile.Write(ref failing, 1);
        var asked = (await Replays(host).StartAsync(Group, Everything, CancellationToken.None)).ShouldNotBeNull();
        await Eventually.HoldsAsync(() => host.Stage.Delivered.Count > first + 2, "It is tried again");
        await Replays(host).CancelAsync(Group, asked.Id, CancellationToken.None);
        var ended = await EndAsync(host, asked.Id);
        (ended.State, ended.Events, ended.Position).ShouldBe((ReplayState.Cancelled, 0, 0));
        var fresh = await Rig.AppendAsync(5);
        await host.WaitForAsync(Group, fresh[^1]);
        host.Stage.Delivered.Where(d => !d.IsRepeat).SelectMany(d => d.Positions).ShouldBe([.. before, .. fresh]);
        (await host.Groups.GetAsync(Group, CancellationToken.None))!.Error.ShouldBeNull();
        (await Replays(host).CancelAsync(Group, asked.Id, CancellationToken.None)).ShouldNotBeNull().State.ShouldBe(ReplayState.Cancelled);
        (await Replays(host).CancelAsync(Group, asked.Id + 1, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Cancelled_before_any_host_has_begun_it_is_over_at_once()
    {
        var host = await Rig.StartHostAsync(b => b.Group(Group));
        var positions = await Rig.AppendAsync(10);
        await host.WaitForAsync(Group, positions[^1]);
        await host.StopAsync();
        var elsewhere = await Rig.StartHostAsync(b => b.Group("unrelated"));
        var asked = (await Replays(elsewhere).StartAsync(Group, Everything, CancellationToken.None)).ShouldNotBeNull();
        var cancelled = (await Replays(elsewhere).CancelAsync(Group, asked.Id, CancellationToken.None)).ShouldNotBeNull();
        (cancelled.State, cancelled.IsEnding, cancelled.Position).ShouldBe((ReplayState.Cancelled, false, 0));
        var second = await Rig.StartHostAsync(b => b.Group(Group));
        var fresh = await Rig.AppendAsync(1);
        await second.WaitForAsync(Group, fresh[^1]);
        second.Stage.Positions(Group).ShouldBe(fresh);
    }

    [Fact]
    public async Task A_store_that_loses_something_meanwhile_gets_that_too()
    {
        var lost = 0;
        var durable = 0L;
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 5, (batch, _) =>
            batch.IsRepeat && batch.FirstPosition > 10 && Volatile.Read(ref durable) > 0 && Interlocked.Exchange(ref lost, 1) == 0
                ? throw new ProgressLostException(Volatile.Read(ref durable))
                : Task.CompletedTask));
        var positions = await Rig.AppendAsync(40);
        await host.WaitForAsync(Group, positions[^1]);
        var first = host.Stage.Delivered.Count;
        Volatile.Write(ref durable, positions[29]);
        var asked = (await Replays(host).StartAsync(Group, new(new(Position: 0), new(Position: positions[19])), CancellationToken.None)).ShouldNotBeNull();
        (await EndAsync(host, asked.Id)).State.ShouldBe(ReplayState.Done);
        var fresh = await Rig.AppendAsync(5);
        await host.WaitForAsync(Group, fresh[^1]);
        var again = host.Stage.Delivered.Skip(first).ToList();
        again.Where(d => d.IsRepeat).SelectMany(d => d.Positions).Distinct().ShouldBe([.. positions.Take(20), .. positions.Skip(30)]);
        again.Where(d => !d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(fresh);
        lost.ShouldBe(1);
    }

    [Fact]
    public async Task What_cannot_be_done_is_refused_with_a_sentence()
    {
        var host = await Rig.StartHostAsync(b => b.Group(Group).Group("empty"));
        var positions = await Rig.AppendAsync(10);
        await host.WaitForAsync(Group, positions[^1]);
        (await Replays(host).StartAsync("nobody", Everything, CancellationToken.None)).ShouldBeNull();
        (await Replays(host).ListAsync("nobody", CancellationToken.None)).ShouldBeNull();
        (await RefusedAsync(host, new(new(Position: positions[^1] + 1_000_000)))).Refusal.ShouldBe(ReplayRefusal.BeyondHead);
        (await RefusedAsync(host, new(new(Position: 5), new(Position: 3)))).Message.ShouldStartWith("Nothing lies between");
        (await RefusedAsync(host, new(new(Position: -1)))).Member.ShouldBe("From");
        (await RefusedAsync(host, new(new()))).Refusal.ShouldBe(ReplayRefusal.Invalid);
        (await RefusedAsync(host, Everything with { Target = ReplayTarget.Shadow })).Member.ShouldBe("Target");
        await host.StopAsync();
        var elsewhere = await Rig.StartHostAsync(b => b.Group("unrelated"));
        var running = (await Replays(elsewhere).StartAsync(Group, Everything, CancellationToken.None)).ShouldNotBeNull();
        (await RefusedAsync(elsewhere, Everything)).Refusal.ShouldBe(ReplayRefusal.AlreadyRunning);
        await Replays(elsewhere).CancelAsync(Group, running.Id, CancellationToken.None);
        (await Replays(elsewhere).StartAsync(Group, Everything, CancellationToken.None)).ShouldNotBeNull().Id.ShouldBeGreaterThan(running.Id);
    }

    [Fact]
    public async Task A_consumer_that_stores_progress_with_its_work_does_each_record_of_a_replay_once()
    {
        await Rig.ExecuteAsync("create table public.done (position bigint not null, again boolean not null)");
        var crash = 0;
        Script work = async (batch, token) =>
        {
            await using var connection = await Rig.Database.OpenConnectionAsync(token);
            await using var transaction = await connection.BeginTransactionAsync(token);
            foreach (var position in Delivered.From(batch).Positions)
            {
                await using var insert = connection.CreateCommand();
                insert.CommandText = $"insert into public.done values ({position}, {batch.IsRepeat})";
                await insert.ExecuteNonQueryAsync(token);
            }

            await batch.StoreProgressAsync(transaction, token);
            await transaction.CommitAsync(token);
            if (Interlocked.CompareExchange(ref crash, 2, 1) == 1)
            {
                // The transaction is committed, and the host loses its lease before it knows.
                await Rig.EndLeasesAsync();
                await Task.Delay(Timeout.Infinite, token);
            }
        };
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 6, work));
        var positions = await Rig.AppendAsync(30);
        await host.WaitForAsync(Group, positions[^1]);
        Volatile.Write(ref crash, 1);
        var asked = (await Replays(host).StartAsync(Group, Everything, CancellationToken.None)).ShouldNotBeNull();
        (await EndAsync(host, asked.Id)).State.ShouldBe(ReplayState.Done);
        var fresh = await Rig.AppendAsync(5);
        await host.WaitForAsync(Group, fresh[^1]);
        (await Rig.ScalarAsync<long>("select count(*) from public.done where again")).ShouldBe(30);
        (await Rig.ScalarAsync<long>("select count(distinct position) from public.done where again")).ShouldBe(30);
        (await Rig.ScalarAsync<long>("select count(*) from public.done where not again")).ShouldBe(35);
    }

    /// <summary>The host's replays.</summary>
    protected static GroupReplays Replays(ComplianceHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return host.Services.GetRequiredService<GroupReplays>();
    }

    /// <summary>Waits until a replay has ended.</summary>
    protected static async Task<ReplayStatus> EndAsync(ComplianceHost host, long id)
    {
        ReplayStatus? replay = null;
        await Eventually.HoldsAsync(async () => (replay = await Replays(host).GetAsync(Group, id, CancellationToken.None)) is { IsOver: true }, "The replay ends");
        return replay!;
    }

    private static Task<ReplayRefusedException> RefusedAsync(ComplianceHost host, ReplayRequest request) =>
        Should.ThrowAsync<ReplayRefusedException>(() => Replays(host).StartAsync(Group, request, CancellationToken.None));

    private async Task<DateTimeOffset> IngestedAtAsync(long position) =>
        new(await Rig.ScalarAsync<DateTime>($"select ingested_at from event_log.events where position = {position}"), TimeSpan.Zero);
}

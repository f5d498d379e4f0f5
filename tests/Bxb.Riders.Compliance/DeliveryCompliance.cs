using Bxb.Testing;
using MassTransit;

namespace Bxb.Riders.Compliance;

/// <summary>Every record is delivered once, in order and in batches of the right size. Groups do not depend on each other or on the order of registration.</summary>
public abstract class DeliveryCompliance : TransportCompliance
{
    [Fact]
    public async Task Delivers_every_record_once_in_log_order_in_batches_within_the_limit()
    {
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 64));
        var positions = new List<long>();
        for (var i = 0; i < 5; i++)
        {
            positions.AddRange(await Rig.AppendAsync(200));
        }

        await host.WaitForAsync(Group, positions[^1]);
        host.Stage.Positions(Group).ShouldBe(positions);
        host.Stage.Delivered.ShouldAllBe(d => d.Positions.Count <= 64 && !d.IsRepeat && d.Attempt == 0);
        host.Stage.Delivered.ShouldContain(d => d.Positions.Count == 64);
        host.Stage.Delivered.ShouldAllBe(d => d.First == d.Positions.First() && d.Last == d.Positions.Last());
    }

    [Fact]
    public async Task A_batch_ends_at_its_bytes_and_a_record_larger_than_that_comes_alone()
    {
        var host = Rig.BuildHost(b => b.Group(Group, o => o.MaxBatchBytes = 4096));
        var small = await Rig.AppendAsync(20, padding: 1000);
        var large = await Rig.AppendAsync(2, padding: 20_000);
        await host.StartAsync();
        await host.WaitForAsync(Group, large[^1]);
        host.Stage.Positions(Group).ShouldBe(small.Concat(large));
        host.Stage.Delivered.ShouldAllBe(d => d.Positions.Count <= 4);
        host.Stage.Delivered[^1].Positions.ShouldBe([large[^1]]);
    }

    [Fact]
    public async Task Waits_to_fill_a_batch()
    {
        // The first append may use up positions while the log creates its partitions, and a gap counts as a full batch.
        await Rig.AppendAsync(1);
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => (o.MaxBatch, o.MaxWait, o.StartFrom) = (10, TimeSpan.FromMinutes(1), StartFrom.Now)));
        await Eventually.HoldsAsync(async () => await Rig.ProgressAsync(Group) >= 0, "The group has begun");
        for (var i = 0; i < 10; i++)
        {
            await Rig.AppendAsync(1);
        }

        await Eventually.HoldsAsync(() => host.Stage.Delivered.Count == 1, "A full batch, long before its wait is over");
        host.Stage.Delivered[0].Positions.Count.ShouldBe(10);
    }

    [Fact]
    public async Task A_group_that_begins_now_gets_nothing_older()
    {
        await Rig.AppendAsync(50);
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.StartFrom = StartFrom.Now));
        await Eventually.HoldsAsync(async () => await Rig.ProgressAsync(Group) >= 0, "The group has begun");
        var positions = await Rig.AppendAsync(5);
        await host.WaitForAsync(Group, positions[^1]);
        host.Stage.Positions(Group).ShouldBe(positions);
    }

    [Fact]
    public async Task A_stuck_group_holds_up_no_other()
    {
        var stuck = new TaskCompletionSource();
        var host = await Rig.StartHostAsync(b => b.Group("stuck", script: (_, _) => stuck.Task).Group("free", o => o.MaxBatch = 10));
        var positions = await Rig.AppendAsync(100);
        await host.WaitForAsync("free", positions[^1]);
        host.Stage.Positions("free").ShouldBe(positions);
        (await Rig.ProgressAsync("stuck")).ShouldBeLessThan(positions[0]);
        stuck.SetResult();
        await host.WaitForAsync("stuck", positions[^1]);
        host.Stage.Positions("stuck").ShouldBe(positions);
    }

    [Fact]
    public async Task One_consumer_type_serves_two_groups_registered_before_and_after_the_riders()
    {
        var host = await Rig.StartHostAsync(b => b.Group("before").AddRidersHere().Group("after").Group<OtherConsumer>("other"));
        var positions = await Rig.AppendAsync(10);
        foreach (var group in (string[])["before", "after", "other"])
        {
            await host.WaitForAsync(group, positions[^1]);
            host.Stage.Positions(group).ShouldBe(positions);
        }
    }

    [Fact]
    public async Task Two_consumers_in_one_group_are_refused_with_a_sentence()
    {
        var host = Rig.BuildHost(b => b.Group("twice").Group<OtherConsumer>("twice"));
        var refusal = await Should.ThrowAsync<Exception>(host.StartAsync);
        refusal.ToString().ShouldContain("The consumer group 'twice' is registered for ScriptedConsumer and for OtherConsumer; a group has one consumer.");
    }

    [Fact]
    public async Task Options_that_cannot_work_are_refused_with_a_sentence()
    {
        var host = Rig.BuildHost(b => b.Group("Bad Name", o => o.MaxBatch = 0).Group("relay"));
        var refusal = (await Should.ThrowAsync<Exception>(host.StartAsync)).ToString();
        refusal.ShouldContain("'Bad Name' is no name for a consumer group");
        refusal.ShouldContain("'relay' is no name for a consumer group: the relay keeps its dead letters under it");
        refusal.ShouldContain("The options of consumer group 'Bad Name' are not valid: The field MaxBatch must be between 1 and 1000000");
    }

    [Fact]
    public async Task A_batch_is_dead_once_the_consumer_has_returned()
    {
        EventBatch? kept = null;
        var host = await Rig.StartHostAsync(b => b.Group(Group, script: (batch, _) => Task.FromResult(kept = batch)));
        var positions = await Rig.AppendAsync(1);
        await host.WaitForAsync(Group, positions[^1]);
        kept!.LastPosition.ShouldBe(positions[^1]);
        Should.Throw<ObjectDisposedException>(() => kept[0].Position);
    }

    [Fact]
    public async Task Waiting_for_a_position_ends_with_the_commit_and_not_before()
    {
        var gate = new TaskCompletionSource();
        var host = await Rig.StartHostAsync(b => b.Group(Group, script: (_, _) => gate.Task));
        var other = await Rig.StartHostAsync(b => b.Group("unrelated"));
        var positions = await Rig.AppendAsync(3);
        (await host.Groups.WaitForAsync(Group, positions[^1], TimeSpan.Zero, CancellationToken.None)).ShouldBeFalse();
        (await host.Groups.WaitForAsync(Group, positions[^1], TimeSpan.FromMilliseconds(50), CancellationToken.None)).ShouldBeFalse();
        var here = host.Groups.WaitForAsync(Group, positions[^1], TimeSpan.FromMinutes(1), CancellationToken.None).AsTask();
        var elsewhere = other.Groups.WaitForAsync(Group, positions[^1], TimeSpan.FromMinutes(1), CancellationToken.None).AsTask();
        here.IsCompleted.ShouldBeFalse();
        gate.SetResult();
        (await here).ShouldBeTrue();
        (await elsewhere).ShouldBeTrue();
        (await Rig.ProgressAsync(Group)).ShouldBeGreaterThanOrEqualTo(positions[^1]);
    }

    [Fact]
    public async Task The_status_tells_lag_and_state()
    {
        var gate = new TaskCompletionSource();
        var host = await Rig.StartHostAsync(b => b.Group(Group, script: (_, _) => gate.Task).Riders(o => o.Owner = "host-1"));
        var positions = await Rig.AppendAsync(7);
        await Eventually.HoldsAsync(() => host.Stage.Delivered.Count == 1);
        var running = (await host.Groups.ListAsync(CancellationToken.None)).ShouldHaveSingleItem();
        (running.Group, running.State, running.Owner, running.Error).ShouldBe((Group, ConsumerGroupState.Running, "host-1", null));
        running.Position.ShouldBeLessThan(positions[0]);
        running.LagEvents.ShouldBeGreaterThanOrEqualTo(7);
        running.LagSeconds.ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(0);
        gate.SetResult();
        await host.WaitForAsync(Group, positions[^1]);
        await Eventually.HoldsAsync(async () => (await host.Groups.GetAsync(Group, CancellationToken.None))!.State == ConsumerGroupState.Idle);
        (await host.Groups.GetAsync(Group, CancellationToken.None))!.LagSeconds.ShouldBe(0);
        (await host.Groups.GetAsync("nobody", CancellationToken.None)).ShouldBeNull();
        await host.StopAsync();
        (await host.Groups.GetAsync(Group, CancellationToken.None))!.State.ShouldBe(ConsumerGroupState.Stopped);
    }

    [Fact]
    public async Task The_pipeline_can_be_added_to()
    {
        var filtered = 0;
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.ConfigurePipeline = (_, endpoint) => endpoint.UseExecute(_ => filtered++)));
        var positions = await Rig.AppendAsync(1);
        await host.WaitForAsync(Group, positions[^1]);
        filtered.ShouldBe(1);
    }
}

using Bxb.Testing;

namespace Bxb.Riders.Compliance;

/// <summary>A partition has one owner at a time, after a take-over, a crash, a stop, and when a suspended host wakes up.</summary>
public abstract class OwnershipCompliance : TransportCompliance
{
    [Fact]
    public async Task One_host_reads_and_the_next_takes_over_when_it_stops()
    {
        var first = await Rig.StartHostAsync(b => b.Group(Group).Riders(o => o.Owner = "first"));
        var before = await Rig.AppendAsync(10);
        await first.WaitForAsync(Group, before[^1]);
        var second = await Rig.StartHostAsync(b => b.Group(Group).Riders(o => o.Owner = "second"));
        var meanwhile = await Rig.AppendAsync(10);
        await second.WaitForAsync(Group, meanwhile[^1]);
        second.Stage.Delivered.ShouldBeEmpty();
        await first.StopAsync();
        var after = await Rig.AppendAsync(10);
        await second.WaitForAsync(Group, after[^1]);
        first.Stage.Positions(Group).ShouldBe(before.Concat(meanwhile));
        second.Stage.Positions(Group).ShouldBe(after);
        second.Stage.Delivered.ShouldAllBe(d => !d.IsRepeat && d.Epoch > first.Stage.Delivered[0].Epoch);
        (await second.Groups.GetAsync(Group, CancellationToken.None))!.Owner.ShouldBe("second");
    }

    [Fact]
    public async Task After_a_crash_the_batch_in_hand_is_repeated_with_its_edges_before_anything_new()
    {
        var inHand = new TaskCompletionSource();
        var batches = 0;
        var first = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 7, (_, _) => Interlocked.Increment(ref batches) == 1 ? Task.CompletedTask : Stop(inHand)));
        var positions = await Rig.AppendAsync(20);
        await inHand.Task;
        var lost = first.Stage.Delivered[^1];
        var second = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 3));
        await Rig.EndLeasesAsync();
        await second.WaitForAsync(Group, positions[^1]);
        var repeated = second.Stage.Delivered[0];
        (repeated.First, repeated.Last, repeated.IsRepeat, repeated.Attempt).ShouldBe((lost.First, lost.Last, true, 0));
        repeated.Positions.ShouldBe(lost.Positions);
        second.Stage.Delivered.Skip(1).ShouldAllBe(d => !d.IsRepeat && d.Positions.Count <= 3);
        first.Stage.Positions(Group).Concat(second.Stage.Positions(Group)).Distinct().ShouldBe(positions);

        static Task Stop(TaskCompletionSource inHand)
        {
            inHand.TrySetResult();
            return new TaskCompletionSource().Task;
        }
    }

    [Fact]
    public async Task A_host_that_wakes_up_after_a_take_over_cannot_move_progress_nor_bury_a_record()
    {
        var wake = new TaskCompletionSource();
        var asleep = new TaskCompletionSource();
        var sleeper = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 5, async (_, _) =>
        {
            asleep.TrySetResult();
            await wake.Task;
            throw new FormatException("The sleeper thinks that these are broken.");
        }));
        var positions = await Rig.AppendAsync(10);
        await asleep.Task;
        var gate = new TaskCompletionSource();
        var owner = await Rig.StartHostAsync(b => b.Group(Group, script: (_, _) => gate.Task));
        await Rig.EndLeasesAsync();
        await Eventually.HoldsAsync(() => owner.Stage.Delivered.Count == 1, "The second host has taken over");
        var before = await Rig.ProgressAsync(Group);
        wake.SetResult();
        await sleeper.StopAsync();
        (await Rig.ProgressAsync(Group)).ShouldBe(before);
        (await owner.DeadLetters.ListAsync(new DeadLetterFilter(), CancellationToken.None)).ShouldBeEmpty();
        gate.SetResult();
        await owner.WaitForAsync(Group, positions[^1]);
        owner.Stage.Positions(Group).ShouldBe(positions);
        owner.Stage.Delivered[0].Epoch.ShouldBeGreaterThan(sleeper.Stage.Delivered[0].Epoch);
    }

    [Fact]
    public async Task An_epoch_that_is_over_writes_nothing()
    {
        var inHand = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        var host = await Rig.StartHostAsync(b => b.Group(Group, script: (_, _) =>
        {
            inHand.TrySetResult();
            return go.Task;
        }));
        var positions = await Rig.AppendAsync(5);
        await inHand.Task;
        var before = await Rig.ProgressAsync(Group);
        await Rig.ExecuteAsync("update event_log.consumer_groups set owner_epoch = owner_epoch + 100, owner = 'usurper'");
        var wrote = Rig.ProgressAsync(Group);
        go.SetResult();

        // The old epoch stores no progress. The host acquires the partition again with a newer epoch and repeats the batch.
        await host.WaitForAsync(Group, positions[^1]);
        (await wrote).ShouldBe(before);
        host.Stage.Delivered.Count.ShouldBe(2);
        (host.Stage.Delivered[1].IsRepeat, host.Stage.Delivered[1].First, host.Stage.Delivered[1].Last).ShouldBe((true, host.Stage.Delivered[0].First, host.Stage.Delivered[0].Last));
        host.Stage.Delivered[1].Epoch.ShouldBe(host.Stage.Delivered[0].Epoch + 101);
    }

    [Fact]
    public async Task A_stop_lets_the_batch_in_hand_finish_and_commits_it()
    {
        var inHand = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 5, (_, _) =>
        {
            inHand.TrySetResult();
            return go.Task;
        }));
        var positions = await Rig.AppendAsync(10);
        await inHand.Task;
        var stopping = host.StopAsync();
        stopping.IsCompleted.ShouldBeFalse();
        go.SetResult();
        await stopping;
        host.Stage.Positions(Group).ShouldBe(positions.Take(5));
        (await Rig.ProgressAsync(Group)).ShouldBe(positions[4]);
        var next = await Rig.StartHostAsync(b => b.Group(Group));
        await next.WaitForAsync(Group, positions[^1]);
        next.Stage.Positions(Group).ShouldBe(positions.Skip(5));
        next.Stage.Delivered.ShouldAllBe(d => !d.IsRepeat);
    }

    [Fact]
    public async Task Other_hosts_see_that_a_group_is_read_and_at_once_that_it_no_longer_is()
    {
        var other = await Rig.StartHostAsync(b => b.Group("unrelated"));
        var reader = await Rig.StartHostAsync(b => b.Group(Group).Riders(o => o.Owner = "reader"));
        var positions = await Rig.AppendAsync(3);
        var last = positions[^1];
        await reader.WaitForAsync(Group, last);
        await Eventually.HoldsAsync(async () => (await other.Groups.GetAsync(Group, CancellationToken.None))!.State == ConsumerGroupState.Idle, "The group is read");
        (await other.Groups.ReadPartitionsAsync(Group, CancellationToken.None)).ShouldAllBe(p => p.IsCurrent && p.Position >= last && p.LastRecord == last);
        await reader.StopAsync();
        (await other.Groups.GetAsync(Group, CancellationToken.None))!.State.ShouldBe(ConsumerGroupState.Stopped);
        (await other.Groups.ReadPartitionsAsync(Group, CancellationToken.None)).ShouldAllBe(p => !p.IsCurrent && p.LastRecord == last);
    }

    [Fact]
    public async Task A_partition_counts_as_compared_only_once_the_store_has_answered_and_the_group_has_gone_back()
    {
        var first = await Rig.StartHostAsync(b => b.Group(Group));
        var positions = await Rig.AppendAsync(10);
        var (fifth, last) = (positions[4], positions[^1]);
        await first.WaitForAsync(Group, last);
        await first.StopAsync();
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource<long>();
        var gate = new TaskCompletionSource();
        var second = await Rig.StartHostAsync(b => b.Group(
            Group,
            o => o.DurableProgress = async (_, _, _) =>
            {
                asked.TrySetResult();
                return await answer.Task;
            },
            (_, _) => gate.Task));
        await asked.Task;
        (await second.Groups.ReadPartitionsAsync(Group, CancellationToken.None)).ShouldAllBe(p => !p.IsCurrent && p.Position >= last);
        answer.SetResult(fifth);
        await Eventually.HoldsAsync(async () => (await second.Groups.ReadPartitionsAsync(Group, CancellationToken.None)).All(p => p.IsCurrent), "It is compared");
        (await second.Groups.ReadPartitionsAsync(Group, CancellationToken.None)).ShouldAllBe(p => p.Position == fifth && p.LastRecord == last);
        gate.SetResult();
        await second.WaitForAsync(Group, last);
    }

    [Fact]
    public async Task A_stop_cancels_a_consumer_that_takes_too_long_and_commits_nothing_of_it()
    {
        var inHand = new TaskCompletionSource();
        var host = await Rig.StartHostAsync(b => b.Riders(o => o.StopTimeout = TimeSpan.FromMilliseconds(50)).Group(Group, script: async (_, token) =>
        {
            inHand.TrySetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            catch (OperationCanceledException)
            {
                // A consumer that ignores its cancellation has still not processed the batch.
                return;
            }
        }));
        var positions = await Rig.AppendAsync(5);
        await inHand.Task;
        await host.StopAsync();
        (await Rig.ProgressAsync(Group)).ShouldBeLessThan(positions[0]);
        var next = await Rig.StartHostAsync(b => b.Group(Group));
        await next.WaitForAsync(Group, positions[^1]);
        next.Stage.Delivered.ShouldHaveSingleItem().IsRepeat.ShouldBeTrue();
        next.Stage.Positions(Group).ShouldBe(positions);
    }

    [Fact]
    public async Task A_stop_ends_a_pause_between_tries_at_once()
    {
        var host = await Rig.StartHostAsync(b => b.Riders(o => o.StopTimeout = TimeSpan.FromMinutes(10)).Group(
            Group, o => (o.RetryDelay, o.MaxRetryDelay) = (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1)), (_, _) => throw new TimeoutException("away")));
        var positions = await Rig.AppendAsync(1);
        await Eventually.HoldsAsync(async () => (await host.Groups.GetAsync(Group, CancellationToken.None))!.State == ConsumerGroupState.Retrying);
        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));
        (await Rig.ProgressAsync(Group)).ShouldBeLessThan(positions[0]);
    }
}

using Bxb.Testing;

namespace Bxb.Riders.Compliance;

/// <summary>If a consumer's store holds less than the progress says, the missing records are delivered again as repeats.</summary>
public abstract class RewindCompliance : TransportCompliance
{
    [Fact]
    public async Task The_store_is_asked_at_take_over_and_what_it_lacks_comes_again_as_a_repeat()
    {
        var first = await Rig.StartHostAsync(b => b.Group(Group));
        var positions = await Rig.AppendAsync(20);
        await first.WaitForAsync(Group, positions[^1]);
        await first.StopAsync();
        var asked = 0L;
        var second = await Rig.StartHostAsync(b => b.Group(Group, o =>
        {
            o.MaxBatch = 6;
            o.DurableProgress = (_, progress, _) =>
            {
                asked = progress.Position;
                return ValueTask.FromResult(positions[7]);
            };
        }));
        await Eventually.HoldsAsync(() => second.Stage.Positions(Group).Count == 12);
        var fresh = await Rig.AppendAsync(3);
        await second.WaitForAsync(Group, fresh[^1]);
        asked.ShouldBeGreaterThanOrEqualTo(positions[^1]);
        second.Stage.Positions(Group).ShouldBe([.. positions.Skip(8), .. fresh]);
        second.Stage.Delivered.Where(d => d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(positions.Skip(8));
        second.Stage.Delivered.Where(d => !d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(fresh);
    }

    [Fact]
    public async Task A_store_that_holds_more_changes_nothing_and_one_that_does_not_answer_is_asked_again()
    {
        var asked = 0;
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.DurableProgress = (_, _, _) =>
            Interlocked.Increment(ref asked) < 3 ? throw new InvalidOperationException("not now") : ValueTask.FromResult(long.MaxValue)));
        var positions = await Rig.AppendAsync(5);
        await host.WaitForAsync(Group, positions[^1]);
        asked.ShouldBe(3);
        host.Stage.Delivered.ShouldHaveSingleItem().IsRepeat.ShouldBeFalse();
    }

    [Fact]
    public async Task A_consumer_that_finds_its_progress_lost_gets_everything_from_there_again()
    {
        var lost = 0;
        var durable = 0L;
        var host = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 4, (batch, _) =>
            batch.FirstPosition > Volatile.Read(ref durable) && Volatile.Read(ref durable) > 0 && Interlocked.Exchange(ref lost, 1) == 0
                ? throw new InvalidOperationException("wrapped", new ProgressLostException(Volatile.Read(ref durable)))
                : Task.CompletedTask));
        var before = await Rig.AppendAsync(10);
        await host.WaitForAsync(Group, before[^1]);
        Volatile.Write(ref durable, before[2]);
        var after = await Rig.AppendAsync(4);
        await host.WaitForAsync(Group, after[^1]);
        await Eventually.HoldsAsync(() => host.Stage.Positions(Group).Count(p => p == after[^1]) == 2);
        var positions = host.Stage.Positions(Group);
        positions.Take(10).ShouldBe(before);
        var rewound = host.Stage.Delivered.SkipWhile(d => d.First <= before[^1]).Skip(1).ToList();
        rewound.SelectMany(d => d.Positions).ShouldBe([.. before.Skip(3), .. after]);
        rewound.ShouldAllBe(d => d.IsRepeat);
        var fresh = await Rig.AppendAsync(1);
        await host.WaitForAsync(Group, fresh[^1]);
        host.Stage.Delivered[^1].IsRepeat.ShouldBeFalse();
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_a_rewind_forgets_nothing_of_it()
    {
        var first = await Rig.StartHostAsync(b => b.Group(Group));
        var positions = await Rig.AppendAsync(30);
        await first.WaitForAsync(Group, positions[^1]);
        await first.StopAsync();
        var crashed = new TaskCompletionSource();
        var second = await Rig.StartHostAsync(b => b.Group(
            Group, o => (o.MaxBatch, o.DurableProgress) = (5, (_, _, _) => ValueTask.FromResult(positions[4])), (batch, _) =>
            {
                if (batch.LastPosition <= positions[14])
                {
                    return Task.CompletedTask;
                }

                crashed.TrySetResult();
                return new TaskCompletionSource().Task;
            }));
        await crashed.Task;
        var fresh = await Rig.AppendAsync(5);
        var third = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 5));
        await Rig.EndLeasesAsync();
        await third.WaitForAsync(Group, fresh[^1]);
        second.Stage.Positions(Group).ShouldBe(positions.Skip(5).Take(15));
        third.Stage.Delivered.Where(d => d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(positions.Skip(15));
        third.Stage.Delivered.Where(d => !d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(fresh);
    }

    [Fact]
    public async Task The_batch_in_hand_is_repeated_with_its_edges_even_before_a_rewind()
    {
        var crashed = new TaskCompletionSource();
        var batches = 0;
        var first = await Rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 5, (_, _) =>
        {
            if (Interlocked.Increment(ref batches) < 3)
            {
                return Task.CompletedTask;
            }

            crashed.TrySetResult();
            return new TaskCompletionSource().Task;
        }));
        var positions = await Rig.AppendAsync(15);
        await crashed.Task;
        var inHand = first.Stage.Delivered[^1];
        var second = await Rig.StartHostAsync(b => b.Group(Group, o => (o.MaxBatch, o.DurableProgress) = (4, (_, _, _) => ValueTask.FromResult(positions[1]))));
        await Rig.EndLeasesAsync();
        await Eventually.HoldsAsync(() => second.Stage.Positions(Group).Count == 18);
        second.Stage.Delivered[0].Positions.ShouldBe(inHand.Positions);
        second.Stage.Delivered.Skip(1).SelectMany(d => d.Positions).ShouldBe(positions.Skip(2));
        second.Stage.Delivered.ShouldAllBe(d => d.IsRepeat);
    }
}

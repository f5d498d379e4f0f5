using System.Text.Json;
using Bxb.Testing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Bxb.Riders.Compliance;

/// <summary>Transient failures are retried without limit; a record that causes others is isolated and becomes a dead letter; a requeued dead letter is delivered again.</summary>
public abstract class FailureCompliance : TransportCompliance
{
    [Fact]
    public async Task A_passing_failure_is_retried_with_the_same_edges_as_a_repeat_until_it_passes()
    {
        var away = 4;
        var host = await Rig.StartHostAsync(b => b.Group(Group, script: (_, _) => Interlocked.Decrement(ref away) >= 0 ? throw new TimeoutException("The store is away.") : Task.CompletedTask));
        var positions = await Rig.AppendAsync(10);
        await host.WaitForAsync(Group, positions[^1]);
        var tries = host.Stage.Delivered;
        tries.Count.ShouldBe(5);
        tries.ShouldAllBe(d => d.Positions.SequenceEqual(positions));
        tries.Select(d => d.Attempt).ShouldBe([0, 1, 2, 3, 4]);
        tries.Select(d => d.IsRepeat).ShouldBe([false, true, true, true, true]);
        (await host.DeadLetters.ListAsync(new DeadLetterFilter(), CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_group_that_retries_says_so_here_and_elsewhere_and_recovers()
    {
        var away = true;
        var host = await Rig.StartHostAsync(b => b.Group(Group, script: (_, _) => Volatile.Read(ref away) ? throw new IOException("no\nroute") : Task.CompletedTask));
        var other = await Rig.StartHostAsync(b => b.Group("unrelated"));
        var positions = await Rig.AppendAsync(1);
        foreach (var from in (ComplianceHost[])[host, other])
        {
            await Eventually.HoldsAsync(async () => (await from.Groups.GetAsync(Group, CancellationToken.None))!.State == ConsumerGroupState.Retrying);
            (await from.Groups.GetAsync(Group, CancellationToken.None))!.Error.ShouldBe("IOException: no route");
        }

        (await host.HealthAsync("bxb-groups")).Status.ShouldBe(HealthStatus.Degraded);
        Volatile.Write(ref away, false);
        await host.WaitForAsync(Group, positions[^1]);
        await Eventually.HoldsAsync(async () => (await other.Groups.GetAsync(Group, CancellationToken.None))!.State == ConsumerGroupState.Idle);
        (await host.HealthAsync("bxb-groups")).Status.ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Poison_records_are_isolated_and_everything_else_is_processed()
    {
        var poison = new HashSet<long>();
        var processed = new List<long>();
        var host = Rig.BuildHost(b => b.Group(Group, script: (batch, _) =>
        {
            var positions = Delivered.From(batch).Positions;
            if (positions.FirstOrDefault(poison.Contains) is var bad and > 0)
            {
                throw new FormatException($"Record {bad} is \0 broken.");
            }

            processed.AddRange(positions);
            return Task.CompletedTask;
        }));
        var all = await Rig.AppendAsync(100);
        poison.UnionWith([all[0], all[41], all[42], all[99]]);
        await host.StartAsync();
        await host.WaitForAsync(Group, all[^1]);

        processed.ShouldBe(all.Where(p => !poison.Contains(p)));
        var first = host.Stage.Delivered[0];
        host.Stage.Delivered.Skip(1).ShouldAllBe(d => d.IsRepeat && d.First >= first.First && d.Last <= first.Last && d.Attempt > 0);
        var letters = await host.DeadLetters.ListAsync(new DeadLetterFilter(Group, "api_calls", OrganizationId: 1), CancellationToken.None);
        letters.Select(l => l.Position).ShouldBe([all[99], all[42], all[41], all[0]]);
        letters.ShouldAllBe(l => l.State == DeadLetterState.Pending && l.Attempts == 1 && l.Group == Group && l.OrganizationId == 1);
        letters[0].Reason.ShouldBe($"FormatException: Record {all[99]} is \uFFFD broken.");
        letters[0].Exception.ShouldContain(nameof(Poison_records_are_isolated_and_everything_else_is_processed));
        using var record = JsonDocument.Parse(letters[0].Record);
        record.RootElement.GetProperty("position").GetInt64().ShouldBe(all[99]);
        record.RootElement.GetProperty("transaction_id").GetString().ShouldBe("t-100");
        record.RootElement.GetProperty("properties").GetProperty("n").GetInt32().ShouldBe(100);
    }

    [Fact]
    public async Task A_poison_record_met_again_stays_one_dead_letter()
    {
        var bad = 0L;
        Script script = (batch, _) => batch.FirstPosition <= bad && bad <= batch.LastPosition ? throw new FormatException("bad") : Task.CompletedTask;
        var positions = await Rig.AppendAsync(3);
        bad = positions[1];
        var host = await Rig.StartHostAsync(b => b.Group(Group, script: script));
        await host.WaitForAsync(Group, positions[^1]);
        await host.StopAsync();
        var again = await Rig.StartHostAsync(b => b.Group(Group, o => o.DurableProgress = (_, _, _) => ValueTask.FromResult(0L), script));
        await Eventually.HoldsAsync(async () => (await again.DeadLetters.ListAsync(new DeadLetterFilter(), CancellationToken.None))[0].Attempts == 2);
        await again.WaitForAsync(Group, positions[^1]);
        (await again.DeadLetters.ListAsync(new DeadLetterFilter(), CancellationToken.None)).ShouldHaveSingleItem().Position.ShouldBe(bad);
    }

    [Fact]
    public async Task A_requeued_dead_letter_comes_alone_as_a_repeat_and_is_gone_once_processed()
    {
        var broken = true;
        var host = await Rig.StartHostAsync(b => b.Group(Group, script: (_, _) => Volatile.Read(ref broken) ? throw new FormatException("bad") : Task.CompletedTask));
        var bad = (await Rig.AppendAsync(1))[0];
        await host.WaitForAsync(Group, bad);
        var letter = (await host.DeadLetters.ListAsync(new DeadLetterFilter(), CancellationToken.None)).ShouldHaveSingleItem();

        // It fails again and is pending again, with one more attempt.
        (await host.DeadLetters.RequeueAsync(letter.Id, organizationId: 1, CancellationToken.None))!.State.ShouldBe(DeadLetterState.Requeued);
        await Eventually.HoldsAsync(async () => (await host.DeadLetters.ListAsync(new DeadLetterFilter(), CancellationToken.None))[0] is { Attempts: 2, State: DeadLetterState.Pending });

        Volatile.Write(ref broken, false);
        await host.DeadLetters.RequeueAsync(letter.Id, organizationId: null, CancellationToken.None);
        await Eventually.HoldsAsync(async () => (await host.DeadLetters.ListAsync(new DeadLetterFilter(), CancellationToken.None)).Count == 0);
        host.Stage.Delivered.Count.ShouldBe(3);
        host.Stage.Delivered.Skip(1).ShouldAllBe(d => d.IsRepeat && d.Positions.Single() == bad);
        (await Rig.ProgressAsync(Group)).ShouldBeGreaterThanOrEqualTo(bad);
    }

    [Fact]
    public async Task A_dead_letter_requeued_while_no_host_runs_is_delivered_before_anything_new()
    {
        var broken = true;
        Script script = (_, _) => Volatile.Read(ref broken) ? throw new FormatException("bad") : Task.CompletedTask;
        var host = await Rig.StartHostAsync(b => b.Group(Group, script: script));
        var bad = (await Rig.AppendAsync(1))[0];
        await host.WaitForAsync(Group, bad);
        await host.StopAsync();
        var letter = (await host.DeadLetters.ListAsync(new DeadLetterFilter(), CancellationToken.None)).Single();
        await host.DeadLetters.RequeueAsync(letter.Id, organizationId: null, CancellationToken.None);
        var fresh = await Rig.AppendAsync(2);
        Volatile.Write(ref broken, false);
        var next = await Rig.StartHostAsync(b => b.Group(Group, script: script));
        await next.WaitForAsync(Group, fresh[^1]);
        next.Stage.Positions(Group).ShouldBe([bad, .. fresh]);
        next.Stage.Delivered.Select(d => d.IsRepeat).ShouldBe([true, false]);
        (await next.DeadLetters.ListAsync(new DeadLetterFilter(), CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_dead_letter_is_decided_by_its_own_organization_only()
    {
        var host = await Rig.StartHostAsync(b => b.Group(Group, script: (_, _) => throw new FormatException("bad")));
        var first = (await Rig.AppendAsync(1, organizationId: 1))[0];
        var second = (await Rig.AppendAsync(1, organizationId: 2))[0];
        await host.WaitForAsync(Group, second);
        var mine = (await host.DeadLetters.ListAsync(new DeadLetterFilter(OrganizationId: 1), CancellationToken.None)).ShouldHaveSingleItem();
        mine.Position.ShouldBe(first);
        (await host.DeadLetters.RequeueAsync(mine.Id, organizationId: 2, CancellationToken.None)).ShouldBeNull();
        (await host.DeadLetters.DiscardAsync(mine.Id, "not needed", organizationId: 2, CancellationToken.None)).ShouldBeNull();
        (await host.DeadLetters.DiscardAsync(long.MaxValue, "not there", organizationId: null, CancellationToken.None)).ShouldBeNull();
        (await host.DeadLetters.DiscardAsync(mine.Id, "not needed", organizationId: 1, CancellationToken.None)).ShouldNotBeNull().Note.ShouldBe("not needed");
        var page = await host.DeadLetters.ListAsync(new DeadLetterFilter(Limit: 1), CancellationToken.None);
        page.ShouldHaveSingleItem().Position.ShouldBe(second);
        var rest = await host.DeadLetters.ListAsync(new DeadLetterFilter(BeforeId: page[0].Id, Since: DateTimeOffset.UnixEpoch), CancellationToken.None);
        rest.ShouldHaveSingleItem().State.ShouldBe(DeadLetterState.Discarded);
    }
}

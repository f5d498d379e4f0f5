using Bxb.Riders.Compliance;
using Bxb.Riders.Health;
using Bxb.Riders.Progress;
using Bxb.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Bxb.Riders.Tests;

public sealed class HealthTests
{
    [Fact]
    public async Task A_group_that_stands_still_while_there_is_lag_is_degraded_until_it_moves()
    {
        await using var rig = new TransportRig();
        await rig.StartAsync();
        var gate = new TaskCompletionSource();
        var host = await rig.StartHostAsync(b => b.Riders(o => o.StalledAfter = TimeSpan.FromSeconds(1)).Group("g", script: (_, _) => gate.Task));
        (await host.HealthAsync("bxb-groups")).Status.ShouldBe(HealthStatus.Healthy);
        var positions = await rig.AppendAsync(3);
        await Eventually.HoldsAsync(async () => (await host.HealthAsync("bxb-groups")).Status == HealthStatus.Degraded);
        (await host.HealthAsync("bxb-groups")).Description.ShouldNotBeNull().ShouldStartWith("g: no progress for ");
        (await host.HealthAsync("masstransit-bus")).Status.ShouldBe(HealthStatus.Degraded);
        var endpoint = host.Services.GetRequiredService<IBusControl>().CheckHealth().Endpoints.Single(e => e.Key.Contains("events/g", StringComparison.Ordinal));
        endpoint.Value.Status.ShouldBe(BusHealthStatus.Unhealthy);
        endpoint.Value.Description.ShouldStartWith("no progress for ");
        gate.SetResult();
        await host.WaitForAsync("g", positions[^1]);
        (await host.HealthAsync("bxb-groups")).Status.ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public void A_group_that_slept_is_not_stalled_when_work_comes()
    {
        var clock = new FakeTimeProvider();
        var group = new GroupActivity("g", clock);
        var health = new GroupHealth(new GroupRegistry([], clock), Options.Create(new RidersOptions()));
        var lag = 0L;
        group.Partition(0).Held(default, _ => lag);
        for (var i = 0; i < 3600; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            group.Sample();
        }

        lag = 5;
        health.FindStall(group).ShouldBeNull();
        clock.Advance(TimeSpan.FromSeconds(7));
        group.Sample();
        health.FindStall(group).ShouldBeNull();
        clock.Advance(TimeSpan.FromSeconds(1));
        group.Sample();
        health.FindStall(group).ShouldBe("no progress for 8 s, 5 events behind");
        group.Partition(0).Failing("TimeoutException: away");
        health.FindStall(group).ShouldBe("no progress for 8 s, 5 events behind: TimeoutException: away");
        lag = 0;
        health.FindStall(group).ShouldBeNull();
    }

    [Fact]
    public void One_partition_that_stands_still_is_enough_however_the_others_run()
    {
        var clock = new FakeTimeProvider();
        var group = new GroupActivity("g", clock);
        var health = new GroupHealth(new GroupRegistry([], clock), Options.Create(new RidersOptions()));
        for (var partition = 0; partition < 3; partition++)
        {
            group.Partition(partition).Held(default, _ => 4);
        }

        for (var i = 0; i < 9; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            group.Partition(0).Moved();
            group.Partition(1).Moved();
            group.Sample();
        }

        health.FindStall(group).ShouldBe("no progress for 9 s in partition 2, 12 events behind");
        group.Partition(2).LagSeconds.ShouldBe(9);
        group.Partition(1).LagSeconds.ShouldBe(0);
        group.Partition(2).Released();
        health.FindStall(group).ShouldBeNull();
    }

    [Fact]
    public void A_replay_that_stands_still_is_a_stall_and_keeps_what_is_new_waiting()
    {
        var clock = new FakeTimeProvider();
        var group = new GroupActivity("g", clock);
        var health = new GroupHealth(new GroupRegistry([], clock), Options.Create(new RidersOptions()));
        var lag = 0L;
        var partition = group.Partition(0);
        partition.Held(default, _ => lag);
        partition.Redelivering(true);
        clock.Advance(TimeSpan.FromSeconds(5));
        partition.Moved();
        partition.Redelivering(true);
        partition.LagSeconds.ShouldBe(0);
        lag = 1;
        partition.LagSeconds.ShouldBe(5);
        clock.Advance(TimeSpan.FromSeconds(8));
        group.Sample();
        health.FindStall(group).ShouldBe("no progress for 8 s, 1 events behind");
        partition.Redelivering(false);
        lag = 0;
        health.FindStall(group).ShouldBeNull();
    }

    [Fact]
    public async Task A_host_starts_and_stops_while_postgresql_is_away_and_says_so()
    {
        await using var rig = new UnreachableRig();
        var host = await rig.StartHostAsync(b => b.Riders(o => o.StalledAfter = TimeSpan.FromSeconds(1)).Group("g"));
        HealthReportEntry health = default;
        await Eventually.HoldsAsync(async () => (health = await host.HealthAsync("bxb-groups")).Description?.Contains("no progress for ", StringComparison.Ordinal) is true);
        health.Status.ShouldBe(HealthStatus.Degraded);

        // The check needs no key, so it contains no server name and no error text.
        health.Description!.ShouldNotContain("127.0.0.1");
        health.Data["g"].ShouldBeOfType<string>().ShouldContain("127.0.0.1");
        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(30));
    }

    private sealed class UnreachableRig : TransportRig
    {
        public override string ConnectionString => "Host=127.0.0.1;Port=1;Username=nobody;Timeout=1";
    }
}

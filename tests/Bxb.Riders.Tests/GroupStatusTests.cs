using Bxb.EventLog.Reading;
using Bxb.Riders.Compliance;
using Bxb.Riders.Progress;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Bxb.Riders.Tests;

/// <summary>The cost of a group's status, and its content while a dependency is away.</summary>
public sealed class GroupStatusTests : IAsyncLifetime
{
    private const string Group = "g";

    private readonly TransportRig _rig = new();

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_group_whose_owner_was_killed_counts_as_read_for_the_time_of_its_silence_only()
    {
        // The clock does not advance, so the owner confirms nothing after its take-over, like a killed or suspended process.
        var clock = new FakeTimeProvider();
        var dead = await _rig.StartHostAsync(b =>
        {
            b.Services.AddSingleton<TimeProvider>(clock);
            b.Group(Group);
        });
        await Eventually.HoldsAsync(async () => await _rig.ProgressAsync(Group) >= 0);
        var other = await _rig.StartHostAsync(b => b.Group("unrelated").Riders(o => o.OwnerSilence = TimeSpan.FromSeconds(3)));
        var states = new List<ConsumerGroupState>();
        await Eventually.HoldsAsync(async () =>
        {
            states.Add((await other.Groups.GetAsync(Group, CancellationToken.None))!.State);
            return states[^1] == ConsumerGroupState.Stopped;
        });
        states.Count.ShouldBeGreaterThan(1, "It counted as read at first");
        (await dead.Groups.GetAsync(Group, CancellationToken.None))!.State.ShouldBe(ConsumerGroupState.Idle, "The owner itself knows better");
    }

    [Fact]
    public async Task An_idle_owner_goes_on_confirming()
    {
        await _rig.StartHostAsync(b => b.Group(Group));
        var other = await _rig.StartHostAsync(b => b.Group("unrelated"));
        await Eventually.HoldsAsync(async () => await HasOwnerAsync(Group));
        var first = await ConfirmedAsync();
        await Eventually.HoldsAsync(async () => await ConfirmedAsync() > first, "It confirms");
        (await other.Groups.GetAsync(Group, CancellationToken.None))!.State.ShouldBe(ConsumerGroupState.Idle);
    }

    [Fact]
    public async Task A_partition_that_is_locked_by_a_long_transaction_holds_up_no_confirmation_of_another()
    {
        await _rig.StartHostAsync(b => b.Group(Group).Group("busy"));
        await Eventually.HoldsAsync(async () => await HasOwnerAsync(Group) && await HasOwnerAsync("busy"));
        await using var connection = await _rig.Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("select 1 from event_log.consumer_groups where group_name = 'busy' for update", connection, transaction);
        await command.ExecuteNonQueryAsync();
        var first = await ConfirmedAsync();
        await Eventually.HoldsAsync(async () => await ConfirmedAsync() > first, "The other one is confirmed");
    }

    [Fact]
    public async Task While_the_log_is_locked_the_status_comes_without_ages_and_the_partitions_at_once()
    {
        var gate = new TaskCompletionSource();
        var host = await _rig.StartHostAsync(b => b.Group(Group, script: (_, _) => gate.Task));
        var positions = await _rig.AppendAsync(3);
        await Eventually.HoldsAsync(() => host.Stage.Delivered.Count == 1);
        await using var connection = await _rig.Database.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var command = new NpgsqlCommand("lock table event_log.events in access exclusive mode", connection, transaction);
            await command.ExecuteNonQueryAsync();
            (await host.Groups.ReadPartitionsAsync(Group, CancellationToken.None)).ShouldHaveSingleItem().Position.ShouldBeLessThan(positions[0]);
            var status = (await host.Groups.ListAsync(CancellationToken.None)).ShouldHaveSingleItem();
            (status.State, status.LagEvents, status.LagSeconds, status.Partitions[0].LagSeconds).ShouldBe((ConsumerGroupState.Running, 3, null, null));
            (await host.Groups.GetAsync(Group, CancellationToken.None))!.LagSeconds.ShouldBeNull();
        }

        (await host.Groups.GetAsync(Group, CancellationToken.None))!.LagSeconds.ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(0);
        gate.SetResult();
        await host.WaitForAsync(Group, positions[^1]);
        (await host.Services.GetRequiredService<EventAges>().ReadAsync([0, positions[^1]], CancellationToken.None)).ShouldNotBeNull()[positions[^1]].ShouldBe(0);
    }

    /// <summary>A row is inserted before its first owner has confirmed it.</summary>
    private Task<bool> HasOwnerAsync(string group) => _rig.ScalarAsync<bool>($"select exists (select 1 from event_log.consumer_groups where group_name = '{group}' and confirmed_at is not null)");

    private Task<DateTime> ConfirmedAsync() => _rig.ScalarAsync<DateTime>($"select confirmed_at from event_log.consumer_groups where group_name = '{Group}'");
}

using Bxb.Riders.Compliance;
using Bxb.Riders.Leases;
using Bxb.Testing;
using Npgsql;

namespace Bxb.Riders.Tests;

public sealed class AdvisoryLeaseTests : IAsyncLifetime
{
    private readonly TransportRig _rig = new();

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_host_whose_session_is_ended_acquires_the_lease_again_and_goes_on_without_a_repeat()
    {
        var host = await _rig.StartHostAsync(b => b.Group("g"));
        var before = await _rig.AppendAsync(5);
        await host.WaitForAsync("g", before[^1]);
        await Eventually.HoldsAsync(async () => await EpochAsync() == 1);
        await _rig.EndLeasesAsync();
        await Eventually.HoldsAsync(async () => await EpochAsync() == 2, "The lease was acquired again");
        var after = await _rig.AppendAsync(5);
        await host.WaitForAsync("g", after[^1]);
        host.Stage.Positions("g").ShouldBe(before.Concat(after));
        host.Stage.Delivered.ShouldAllBe(d => !d.IsRepeat);
    }

    [Fact]
    public async Task A_consumer_at_work_is_cancelled_when_the_lease_is_lost()
    {
        var cancelled = new TaskCompletionSource();
        var inHand = new TaskCompletionSource();
        var host = await _rig.StartHostAsync(b => b.Group("g", script: async (batch, token) =>
        {
            if (!batch.IsRepeat)
            {
                await using var registration = token.Register(cancelled.SetResult);
                inHand.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            }
        }));
        var positions = await _rig.AppendAsync(3);
        await inHand.Task;
        await _rig.EndLeasesAsync();
        await cancelled.Task;
        await host.WaitForAsync("g", positions[^1]);
        host.Stage.Delivered.Count.ShouldBe(2);
        host.Stage.Delivered[1].Positions.ShouldBe(host.Stage.Delivered[0].Positions);
    }

    [Fact]
    public async Task The_lease_of_an_owner_that_keeps_its_session_but_is_silent_is_taken_away()
    {
        // A suspended process keeps its connection, as this one does.
        await using var suspended = new NpgsqlConnection(_rig.ConnectionString);
        await suspended.OpenAsync();
        (await LeaseStore.TryLockAsync(suspended, "g", CancellationToken.None)).ShouldBeTrue();
        var host = await _rig.StartHostAsync(b => b.Group("g").Riders(o => o.OwnerSilence = TimeSpan.FromMilliseconds(500)));
        var positions = await _rig.AppendAsync(1);
        await host.WaitForAsync("g", positions[^1]);
        await Should.ThrowAsync<NpgsqlException>(() => LeaseStore.TryLockAsync(suspended, "g", CancellationToken.None));
    }

    [Fact]
    public async Task The_lease_of_an_owner_that_confirms_is_not_taken_away()
    {
        await using var alive = new NpgsqlConnection(_rig.ConnectionString);
        await alive.OpenAsync();
        (await LeaseStore.TryLockAsync(alive, "g", CancellationToken.None)).ShouldBeTrue();
        await using var other = new NpgsqlConnection(_rig.ConnectionString);
        await other.OpenAsync();
        (await LeaseStore.BreakSilentAsync(other, "g", TimeSpan.FromMinutes(10), CancellationToken.None)).ShouldBeFalse();
        (await LeaseStore.TryLockAsync(other, "g", CancellationToken.None)).ShouldBeFalse();
        (await LeaseStore.TryLockAsync(other, "h", CancellationToken.None)).ShouldBeTrue();
    }

    private Task<long> EpochAsync() => _rig.ScalarAsync<long>("select coalesce((select max(owner_epoch) from event_log.consumer_groups), 0)");
}

using Bxb.EventLog.Schema;
using Bxb.Primitives.Migrations;
using Bxb.Riders.Compliance;
using Bxb.Riders.Kafka.Relay;
using Bxb.Riders.Kafka.Topics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Tests.Relay;

/// <summary>The relay's progress as other hosts see it. No brokers: the stored state is what counts.</summary>
public sealed class RelayProgressTests : IAsyncLifetime
{
    private readonly StoreRig _rig = new();

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task What_another_host_stores_is_seen_by_whoever_waits()
    {
        var progress = new RelayProgress(_rig.Database, Options.Create(new KafkaOptions { Topic = "t" }), TimeProvider.System);
        progress.Current.ShouldBeNull();
        var waiting = progress.WaitForChangeAsync(null, CancellationToken.None).AsTask();
        var (state, isNew) = await _rig.Store.TakeOverAsync(new("t", "id", 2, 1_000_000), "other", CancellationToken.None);
        isNew.ShouldBeFalse();
        await waiting;
        var first = progress.Current!;
        (first.Position, first.TopicId).ShouldBe((0, "id"));
        (await _rig.Store.StoreAsync(state with { Position = 7, Offsets = [3, 4] }, null, forGood: false, CancellationToken.None)).ShouldBeTrue();
        await progress.WaitForChangeAsync(first, CancellationToken.None);
        progress.Current!.Position.ShouldBe(7);
        progress.Current.Offsets.ShouldBe([3, 4]);
    }

    [Fact]
    public async Task Another_host_that_takes_over_is_seen_after_the_word_of_a_relay_of_this_one()
    {
        var progress = new RelayProgress(_rig.Database, Options.Create(new KafkaOptions { Topic = "t" }), TimeProvider.System);
        var (mine, _) = await _rig.Store.TakeOverAsync(new("t", "id", 2, 1_000_000), "this", CancellationToken.None);
        var known = new RelayCheckpoint("t", "id", mine.Position, mine.Offsets, mine.Epoch);
        progress.Publish(known);
        using var watching = progress.Watch();
        var (theirs, _) = await _rig.Store.TakeOverAsync(new("t", "id", 2, 1_000_000), "other", CancellationToken.None);
        await progress.Changed(known).WaitAsync(TimeSpan.FromMinutes(1));
        progress.Current!.Epoch.ShouldBe(theirs.Epoch);
    }

    [Fact]
    public void A_later_owners_word_counts_also_where_it_has_gone_back()
    {
        var progress = new RelayProgress(_rig.Database, Options.Create(new KafkaOptions()), TimeProvider.System);
        progress.Publish(new RelayCheckpoint("t", "a", 10, [5, 5], Epoch: 2));
        progress.Publish(new RelayCheckpoint("t", "a", 9, [4, 5], Epoch: 2));
        progress.Publish(new RelayCheckpoint("t", "a", 20, [9, 9], Epoch: 1));
        progress.Current!.Position.ShouldBe(10);
        progress.Publish(new RelayCheckpoint("t", "a", 10, [5, 5, 0], Epoch: 2));
        progress.Current.Offsets.Length.ShouldBe(3);
        progress.Publish(new RelayCheckpoint("t", "b", 0, [0, 0], Epoch: 3));
        progress.Current.TopicId.ShouldBe("b");
        progress.Publish(new RelayCheckpoint("t", "a", 10, [5, 5, 0], Epoch: 2));
        progress.Current.TopicId.ShouldBe("b");
    }

    [Fact]
    public async Task Only_the_last_owner_stores()
    {
        var topic = new TopicState("t", "id", 2, 1_000_000);
        var (first, _) = await _rig.Store.TakeOverAsync(topic, "a", CancellationToken.None);
        var (second, _) = await _rig.Store.TakeOverAsync(topic, "b", CancellationToken.None);
        second.Epoch.ShouldBe(first.Epoch + 1);
        (await _rig.Store.StoreAsync(first with { Position = 9 }, TimeSpan.FromDays(1), forGood: false, CancellationToken.None)).ShouldBeFalse();
        await _rig.Store.StoreErrorAsync("t", first.Epoch, "too late", CancellationToken.None);
        (await _rig.Store.ReadAsync("t", CancellationToken.None))!.Position.ShouldBe(0);
        (await _rig.ScalarAsync<long>("select count(*) from event_log.relay where error is not null")).ShouldBe(0);
        (await _rig.ScalarAsync<long>("select count(*) from event_log.relay_flushes where position = 9")).ShouldBe(0);
        (await _rig.Store.StoreAsync(second with { Position = 5, Offsets = [2, 3] }, TimeSpan.FromDays(1), forGood: false, CancellationToken.None)).ShouldBeTrue();
        await _rig.Store.StoreErrorAsync("t", second.Epoch, "brokers are away", CancellationToken.None);
        (await _rig.ScalarAsync<string>("select error from event_log.relay")).ShouldBe("brokers are away");
    }

    [Fact]
    public async Task The_history_goes_with_the_retention_and_keeps_where_partitions_were_added()
    {
        var (state, _) = await _rig.Store.TakeOverAsync(new("t", "id", 1, 1_000_000), "a", CancellationToken.None);
        async Task StoreAsync(long position, bool forGood, params long[] offsets) =>
            (await _rig.Store.StoreAsync(state with { Position = position, Offsets = offsets }, TimeSpan.FromDays(7), forGood, CancellationToken.None)).ShouldBeTrue();
        await StoreAsync(10, false, 10);
        await StoreAsync(20, true, 15, 5);
        await StoreAsync(30, false, 20, 10);
        await _rig.ExecuteAsync("update event_log.relay_flushes set at = at - interval '8 days'");
        await StoreAsync(40, false, 25, 15);
        (await _rig.ScalarAsync<string>("select string_agg(position::text, ' ' order by position) from event_log.relay_flushes")).ShouldBe("0 20 40");
        await _rig.Store.TakeOverAsync(new("t", "another id", 2, 1_000_000), "a", CancellationToken.None);
        (await _rig.ScalarAsync<string>("select string_agg(position || '/' || cardinality(offsets), ' ') from event_log.relay_flushes")).ShouldBe("0/2");
    }

    /// <summary>A database with the relay's tables, and nothing that runs.</summary>
    private sealed class StoreRig : TransportRig
    {
        public RelayStore Store => new(Database);

        public override async Task StartAsync()
        {
            await base.StartAsync();
            var migrations = new ServiceCollection().AddSqlMigrations(typeof(RelayStore).Assembly, "kafka", "Schema").Select(s => s.ImplementationInstance).OfType<SqlMigration>();
            await PostgresMigrations.RunAsync(Database, migrations, NullLogger<PostgresMigrations>.Instance, CancellationToken.None);
        }
    }
}

using Bxb.EventLog.Schema;
using Bxb.Primitives.Migrations;
using Bxb.Riders.Compliance;
using Bxb.Riders.Replays;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.Riders.Tests;

/// <summary>A replay that a host of the earlier version has begun, or was asked for, goes on after the upgrade.</summary>
public sealed class ReplayMigrationTests : IAsyncLifetime
{
    private const string Group = "upgraded";
    private readonly TransportRig _rig = new OldRig();

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_replay_of_the_earlier_version_goes_on(bool isBegun)
    {
        var positions = await _rig.AppendAsync(30);
        await _rig.ExecuteAsync($"""
            insert into event_log.replays (group_name, target, source, from_position, to_position, estimate) values ('{Group}', 'live', 'log', 0, {positions[19]}, 20)
            """);
        await _rig.ExecuteAsync(isBegun
            ? $"""
              insert into event_log.consumer_groups
                  (group_name, stream, owner, owner_epoch, progress, in_flight_first, in_flight_last, repeat_until, last_record, replay_id, replay_from, replay_until, replay_events, resume_at)
              values ('{Group}', 'postgresql', 'old', 7, {positions[4]}, {positions[5]}, {positions[7]}, {positions[24]}, {positions[24]}, 1, 0, {positions[19]}, 5, {positions[24]})
              """
            : $"""
              insert into event_log.consumer_groups (group_name, stream, owner, owner_epoch, progress, last_record, replay_id, replay_from, replay_until)
              values ('{Group}', 'postgresql', 'old', 7, {positions[24]}, {positions[24]}, 1, 0, {positions[19]})
              """);
        await OldRig.MigrateAsync(_rig.ConnectionString);

        // The owner of the earlier version can no longer store that it has processed the batch of the range.
        (await _rig.ExecuteAsync($"update event_log.consumer_groups set updated_at = now() where group_name = '{Group}' and owner_epoch = 7")).ShouldBe(isBegun ? 0 : 1);
        (await _rig.ProgressAsync(Group)).ShouldBe(positions[24]);
        var host = await _rig.StartHostAsync(b => b.Group(Group, o => o.MaxBatch = 10));
        await host.WaitForAsync(Group, positions[^1]);
        var replay = (await host.Services.GetRequiredService<GroupReplays>().GetAsync(Group, 1, CancellationToken.None)).ShouldNotBeNull();
        (replay.State, replay.Events, replay.Position).ShouldBe((ReplayState.Done, 20, positions[19]));
        host.Stage.Delivered.Where(d => d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(positions.Skip(isBegun ? 5 : 0).Take(isBegun ? 15 : 20));
        host.Stage.Delivered.Where(d => !d.IsRepeat).SelectMany(d => d.Positions).ShouldBe(positions.Skip(25));
        if (isBegun)
        {
            // The batch in flight has its stored edges.
            host.Stage.Delivered[0].Positions.ShouldBe(positions.Skip(5).Take(3));
        }
    }

    /// <summary>A database of the earlier version.</summary>
    private sealed class OldRig : TransportRig
    {
        protected override bool HasReplays => false;

        public static async Task MigrateAsync(string connectionString)
        {
            await using var database = NpgsqlDataSource.Create(connectionString);
            var migrations = SqlMigration.Load(typeof(ReplaysRegistration).Assembly, "riders_replays", "Schema");
            await PostgresMigrations.RunAsync(database, migrations, NullLogger<PostgresMigrations>.Instance, CancellationToken.None);
        }
    }
}

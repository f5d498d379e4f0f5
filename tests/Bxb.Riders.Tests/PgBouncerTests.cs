using Bxb.Riders.Compliance;
using Bxb.Testing;

namespace Bxb.Riders.Tests;

public sealed class PgBouncerTests
{
    [PgBouncerFact]
    public async Task Hosts_behind_PgBouncer_with_session_pooling_take_a_group_over_and_deliver_each_event_once()
    {
        await using var rig = new BouncedRig();
        await rig.StartAsync();
        var hosts = new[] { await rig.StartHostAsync(b => b.Group("g")), await rig.StartHostAsync(b => b.Group("g")) };
        var positions = new List<long>();
        for (var round = 0; round < 3; round++)
        {
            var appended = await rig.AppendAsync(10);
            positions.AddRange(appended);
            await Eventually.HoldsAsync(() => hosts.Any(h => h.Stage.Positions("g").Contains(appended[^1])), "The events are delivered");
            await rig.EndLeasesAsync();
        }

        hosts.SelectMany(h => h.Stage.Delivered).Where(d => !d.IsRepeat).SelectMany(d => d.Positions).Order().ShouldBe(positions);
    }

    private sealed class BouncedRig : TransportRig
    {
        private TestPgBouncer? _bouncer;

        public override string ConnectionString => base.ConnectionString is { Length: > 0 } direct ? _bouncer!.Through(direct) : "";

        public override async Task StartAsync()
        {
            _bouncer = await TestPgBouncer.StartAsync(await TestPostgres.CreateDatabaseAsync());
            await base.StartAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await _bouncer!.DisposeAsync();
        }
    }
}

using Bxb.EventLog.Reading;
using Bxb.Riders.Compliance;
using Bxb.Riders.Kafka.Relay;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Bxb.Riders.Kafka.Tests.Relay;

public sealed class RelayHealthTests : IAsyncLifetime
{
    private readonly TransportRig _rig = new();
    private readonly FakeTimeProvider _clock = new();
    private RelayActivity _activity = null!;

    public async Task InitializeAsync()
    {
        await _rig.StartAsync();
        var host = await _rig.StartHostAsync(_ => { });
        var settled = host.Services.GetRequiredService<SettledPosition>();
        await _rig.AppendAsync(5);
        await settled.WaitBeyondAsync(4, CancellationToken.None);
        _activity = new RelayActivity(settled, _clock);
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task It_is_degraded_while_it_retries_and_when_it_stands_still_with_lag()
    {
        (await CheckAsync()).ShouldBe((HealthStatus.Healthy, "waiting for its turn"));
        _activity.Held(position: 0);
        (await CheckAsync()).ShouldBe((HealthStatus.Healthy, "running"));
        _activity.Failing("TopicException: away");
        (await CheckAsync()).ShouldBe((HealthStatus.Degraded, "retrying"));
        _clock.Advance(TimeSpan.FromSeconds(10));
        _activity.Sample();
        (await CheckAsync()).ShouldBe((HealthStatus.Degraded, "nothing carried to Kafka for 10 s, 5 positions behind"));
        _activity.Released();
        (await CheckAsync()).Status.ShouldBe(HealthStatus.Degraded, "It is this host's turn still, as far as it knows");
        _activity.Advance(position: 5);
        (await CheckAsync()).Status.ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_relay_that_has_nothing_to_do_is_healthy_however_long()
    {
        _activity.Held(position: 5);
        _clock.Advance(TimeSpan.FromHours(1));
        _activity.Sample();
        (await CheckAsync()).ShouldBe((HealthStatus.Healthy, "running"));
        _activity.Failing("TopicException: away");
        (await CheckAsync()).Status.ShouldBe(HealthStatus.Degraded);
    }

    [Fact]
    public async Task Another_hosts_lag_is_that_hosts_affair()
    {
        _activity.Failing("TopicException: away");
        _activity.Waiting();
        _clock.Advance(TimeSpan.FromHours(1));
        (await CheckAsync()).ShouldBe((HealthStatus.Healthy, "waiting for its turn"));
        (_activity.LagEvents, _activity.LagSeconds).ShouldBe((0, 0));
    }

    private async Task<(HealthStatus Status, string? Description)> CheckAsync()
    {
        var result = await new RelayHealth(_activity, Options.Create(new RidersOptions())).CheckHealthAsync(new HealthCheckContext());
        return (result.Status, result.Description);
    }
}

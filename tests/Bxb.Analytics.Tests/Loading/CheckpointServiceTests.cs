using Bxb.Analytics.Loading;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Bxb.Analytics.Tests.Loading;

public class CheckpointServiceTests
{
    [Fact]
    public async Task A_checkpoint_is_made_at_each_interval_and_a_last_one_after_everything_has_stopped()
    {
        var url = await TestClickHouse.CreateDatabaseAsync();
        using var host = new LoaderUnderTest(url);
        await host.TakeOverAsync();
        await host.LoadAsync(1, 100);
        var time = new FakeTimeProvider();
        using var service = new CheckpointService(
            host.Loader, new AnalyticsOptions { CheckpointInterval = TimeSpan.FromSeconds(5) }, time, NullLogger<CheckpointService>.Instance);
        await service.StartAsync(default);
        (await CheckpointAsync(host)).ShouldBe(0);
        await TickUntilAsync(time, async () => await CheckpointAsync(host) == 100);

        await service.StopAsync(default);
        await host.LoadAsync(101, 200);
        await service.StoppedAsync(default);
        (await CheckpointAsync(host)).ShouldBe(200);
    }

    [Fact]
    public async Task One_that_fails_is_made_at_the_next_interval()
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        using var host = new LoaderUnderTest(path.Url);
        await host.TakeOverAsync();
        await host.LoadAsync(1, 100);
        var refused = new TaskCompletionSource();
        path.OnSync = context =>
        {
            context.Response.StatusCode = 500;
            refused.TrySetResult();
            return Task.CompletedTask;
        };
        var time = new FakeTimeProvider();
        using var service = new CheckpointService(host.Loader, new AnalyticsOptions(), time, NullLogger<CheckpointService>.Instance);
        await service.StartAsync(default);
        await TickUntilAsync(time, () => Task.FromResult(refused.Task.IsCompleted));
        (await CheckpointAsync(host)).ShouldBe(0);
        path.OnSync = null;
        await TickUntilAsync(time, async () => await CheckpointAsync(host) == 100);
        await service.StopAsync(default);
    }

    /// <summary>Advances the clock by an interval repeatedly, because the service creates its timer at an unknown moment.</summary>
    private static Task TickUntilAsync(FakeTimeProvider time, Func<Task<bool>> condition) => Eventually.HoldsAsync(() =>
    {
        time.Advance(TimeSpan.FromSeconds(5));
        return condition();
    });

    private static Task<long> CheckpointAsync(LoaderUnderTest host) => host.NumberAsync("SELECT max(position) FROM loader_checkpoints");
}

using Bxb.EventLog.Retries;
using Bxb.Testing;

namespace Bxb.EventLog.Tests;

public sealed class RetryLoopTests
{
    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2));

    [Fact]
    public async Task Repeats_the_attempt_until_it_is_done_and_counts_consecutive_failures()
    {
        var attempts = 0;
        var reported = new List<int>();
        var loop = new RetryLoop(Pauses, TimeProvider.System) { ResetAfter = TimeSpan.MaxValue };
        await loop.RunAsync(
            _ =>
            {
                attempts++;
                if (attempts == 3)
                {
                    loop.Succeeded();
                }

                return attempts < 5 ? throw new IOException($"attempt {attempts}") : Task.FromResult(false);
            },
            (_, failures) =>
            {
                reported.Add(failures);
                return Task.CompletedTask;
            },
            CancellationToken.None);
        attempts.ShouldBe(5);
        reported.ShouldBe([1, 2, 1, 2]);
    }

    [Fact]
    public async Task A_failure_after_a_long_attempt_counts_as_the_first()
    {
        var clock = new ManualTimeProvider();
        var reported = new List<int>();
        var attempts = 0;
        using var stop = new CancellationTokenSource();
        await new RetryLoop(new Backoff(TimeSpan.Zero, TimeSpan.Zero), clock) { ResetAfter = TimeSpan.FromSeconds(10) }.RunAsync(
            _ =>
            {
                clock.Advance(++attempts == 3 ? TimeSpan.FromSeconds(11) : TimeSpan.FromSeconds(1));
                throw new IOException();
            },
            (_, failures) =>
            {
                reported.Add(failures);
                return reported.Count == 4 ? stop.CancelAsync() : Task.CompletedTask;
            },
            stop.Token);
        reported.ShouldBe([1, 2, 1, 2]);
    }

    [Fact]
    public async Task An_exception_that_is_not_retriable_ends_the_loop()
    {
        var loop = new RetryLoop(Pauses, TimeProvider.System) { IsRetriable = e => e is IOException };
        await Should.ThrowAsync<FormatException>(loop.RunAsync(_ => throw new FormatException(), (_, _) => Task.CompletedTask, CancellationToken.None));
    }

    [Fact]
    public async Task A_stop_ends_an_attempt_and_a_pause_without_an_exception_and_without_a_report()
    {
        using var stop = new CancellationTokenSource();
        var failed = new TaskCompletionSource();
        var pausing = new RetryLoop(new Backoff(TimeSpan.FromHours(1), TimeSpan.FromHours(1)), TimeProvider.System).RunAsync(
            _ => throw new IOException(),
            (_, _) =>
            {
                failed.SetResult();
                return Task.CompletedTask;
            },
            stop.Token);
        var reported = false;
        var working = new RetryLoop(Pauses, TimeProvider.System).RunAsync(
            async cancellationToken =>
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return true;
            },
            (_, _) =>
            {
                reported = true;
                return Task.CompletedTask;
            },
            stop.Token);
        await failed.Task;
        await stop.CancelAsync();
        await pausing;
        await working;
        reported.ShouldBeFalse();
    }
}

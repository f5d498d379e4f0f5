using Bxb.EventLog.Reading;
using Bxb.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Bxb.EventLog.Tests;

public sealed class WakeSignalTests
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task A_wait_that_ran_out_of_time_takes_no_later_signal()
    {
        var clock = new FakeTimeProvider();
        var signal = new WakeSignal(clock);
        for (var i = 0; i < 3; i++)
        {
            var idle = signal.WaitAsync(Poll, CancellationToken.None).AsTask();
            clock.Advance(Poll);
            await idle;
        }

        signal.Raise();
        await signal.WaitAsync(Poll, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Signals_raised_while_nobody_waits_are_one_and_kept()
    {
        var clock = new FakeTimeProvider();
        var signal = new WakeSignal(clock);
        signal.Raise();
        signal.Raise();
        await signal.WaitAsync(Poll, CancellationToken.None);
        var next = signal.WaitAsync(Poll, CancellationToken.None).AsTask();
        next.IsCompleted.ShouldBeFalse();
        signal.Raise();
        await next.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_cancelled_wait_says_so()
    {
        using var cancelled = new CancellationTokenSource();
        var waiting = new WakeSignal(TimeProvider.System).WaitAsync(Timeout.InfiniteTimeSpan, cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting);
    }
}

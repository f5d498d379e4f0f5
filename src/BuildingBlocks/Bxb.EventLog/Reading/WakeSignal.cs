using System.Threading.Channels;

namespace Bxb.EventLog.Reading;

/// <summary>Wakes one loop. The signal is kept until the loop waits, and several signals before that count once. <see cref="Raise"/> is thread-safe and never waits.</summary>
public sealed class WakeSignal(TimeProvider time)
{
    private readonly Channel<bool> _raised = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Wakes the loop, now or when it waits next.</summary>
    public void Raise() => _raised.Writer.TryWrite(true);

    /// <summary>Returns when the signal was raised or the time has passed.</summary>
    public async ValueTask WaitAsync(TimeSpan atMost, CancellationToken ct)
    {
        if (_raised.Reader.TryRead(out _))
        {
            return;
        }

        // The read is cancelled and not abandoned, because an abandoned read would consume the next signal.
        using var limit = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            await _raised.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The time has passed without a signal.
            return;
        }
    }
}

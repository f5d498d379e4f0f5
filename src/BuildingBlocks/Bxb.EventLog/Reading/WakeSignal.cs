using System.Threading.Channels;

namespace Bxb.EventLog.Reading;

/// <summary>Wakes one loop. Raised any number of times while the loop works, it wakes it once more; raised while nobody waits, it is kept. Raising is thread-safe and never waits.</summary>
public sealed class WakeSignal(TimeProvider time)
{
    private readonly Channel<bool> _raised = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Wakes the loop, now or when it waits next.</summary>
    public void Raise() => _raised.Writer.TryWrite(true);

    /// <summary>Returns when the signal was raised, or when the time is up.</summary>
    public async ValueTask WaitAsync(TimeSpan atMost, CancellationToken ct)
    {
        if (_raised.Reader.TryRead(out _))
        {
            return;
        }

        // The read itself is cancelled: one that was only given up on would take the next signal with it.
        using var limit = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            await _raised.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Nothing woke the loop: it looks all the same.
            return;
        }
    }
}

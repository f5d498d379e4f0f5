using Bxb.EventLog.Retries;
using Bxb.Riders.Failures;
using Bxb.Riders.Progress;

namespace Bxb.Riders.Delivery;

/// <summary>Shows a failure on this host and to other hosts, and pauses before the next attempt.</summary>
internal sealed class RetryPause(PartitionSession session, EventConsumerOptions options, PartitionActivity activity, ConsumerProgress progress, TimeProvider time)
{
    private readonly Backoff _backoff = new(options.RetryDelay, options.MaxRetryDelay);

    /// <summary>Reports the failure and pauses.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="failures">Consecutive failures, from 1.</param>
    /// <exception cref="OwnershipLostException">Another host owns the partition.</exception>
    /// <exception cref="OperationCanceledException">A stop ended the pause.</exception>
    public async Task ReportAsync(Exception failure, int failures)
    {
        var line = FaultText.Line(failure);
        activity.Failing(line);
        await session.EnsureOwnedAsync(progress.StoreErrorAsync(session.Ownership, line, session.Aborting));
        await WaitAsync(failures);
    }

    /// <summary>Pauses; a stop ends the pause at once.</summary>
    /// <exception cref="OperationCanceledException">The stop.</exception>
    public Task WaitAsync(int failures) => Task.Delay(_backoff.After(failures), time, session.Stopping);
}

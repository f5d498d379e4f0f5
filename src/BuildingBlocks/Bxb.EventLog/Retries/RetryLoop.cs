namespace Bxb.EventLog.Retries;

/// <summary>Repeats an attempt until it reports that the work is done. Pauses after each failure, longer after consecutive ones.</summary>
/// <remarks>Failures are consecutive until <see cref="Succeeded"/> is called, or until an attempt has run for longer than <see cref="ResetAfter"/>. One instance runs one loop.</remarks>
/// <param name="backoff">The pauses.</param>
/// <param name="time">The clock that measures attempts and pauses.</param>
public sealed class RetryLoop(Backoff backoff, TimeProvider time)
{
    private int _failures;

    /// <summary>
    /// A failure after an attempt that ran longer than this counts as the first. Default: twice the longest pause. <see cref="TimeSpan.MaxValue"/>: only <see cref="Succeeded"/> resets the
    /// count.
    /// </summary>
    public TimeSpan ResetAfter { get; init; } = backoff.Longest * 2;

    /// <summary>Whether the attempt is repeated after an exception. Default: always. Any other exception ends the loop and is thrown by <see cref="RunAsync"/>.</summary>
    public Func<Exception, bool> IsRetriable { get; init; } = static _ => true;

    /// <summary>Called by an attempt that works: the next failure counts as the first.</summary>
    public void Succeeded() => Volatile.Write(ref _failures, 0);

    /// <summary>Runs attempts until one returns false or the stop is requested.</summary>
    /// <param name="attempt">Does the work. Returns true to be run again at once, false when there is nothing left to do.</param>
    /// <param name="onFailure">Reports a failure, with the number of consecutive failures from 1; awaited before the pause. What it throws ends the loop.</param>
    /// <param name="stop">Passed to the attempt, ends a pause at once. The call then returns normally: an attempt that a stop interrupts has not failed.</param>
    public async Task RunAsync(Func<CancellationToken, Task<bool>> attempt, Func<Exception, int, Task> onFailure, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        ArgumentNullException.ThrowIfNull(onFailure);
        while (!stop.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            try
            {
                if (!await attempt(stop))
                {
                    return;
                }
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (IsRetriable(exception))
            {
                var failures = time.GetElapsedTime(started) > ResetAfter ? 1 : Volatile.Read(ref _failures) + 1;
                Volatile.Write(ref _failures, failures);
                await onFailure(exception, failures);
                await Task.Delay(backoff.After(failures), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}

using Bxb.EventLog;
using Bxb.Host.Settings;
using Microsoft.Extensions.Options;

namespace Bxb.Host.Serving;

/// <summary>Bounds the time of the stop: calls to a frozen server last minutes, and services wait for their last call.</summary>
/// <remarks>While PostgreSQL does not answer, no current batch can be committed, so waiting gains nothing. The next start repeats the batch, as after a kill.</remarks>
internal sealed partial class StopLimit(
    ServerWatch postgres, IHostApplicationLifetime lifetime, IOptions<HostOptions> options, IOptions<ShutdownOptions> shutdown, TimeProvider time, ILogger<StopLimit> logger)
{
    private static readonly TimeSpan WithoutPostgres = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Beyond = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Completes when the stop takes too long: 10 s after the drain time while PostgreSQL does not answer, else 5 s after the host's own limit.</summary>
    public async Task ReachedAsync()
    {
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStopping.UnsafeRegister(static s => ((TaskCompletionSource)s!).TrySetResult(), stopping);
        await stopping.Task;
        var begun = time.GetTimestamp();
        while (true)
        {
            var elapsed = time.GetElapsedTime(begun);
            if (elapsed >= shutdown.Value.DrainTime + WithoutPostgres && postgres.Condition == ServerCondition.Away)
            {
                LogWithoutPostgres(logger, elapsed.TotalSeconds);
                return;
            }

            if (elapsed >= options.Value.ShutdownTimeout + Beyond)
            {
                LogTooLong(logger, elapsed.TotalSeconds);
                return;
            }

            await Task.Delay(Interval, time, CancellationToken.None);
        }
    }

    [LoggerMessage(8020, LogLevel.Warning, "The host exits {Seconds} s after the stop began, because PostgreSQL does not answer; the next start repeats unfinished batches")]
    private static partial void LogWithoutPostgres(ILogger logger, double seconds);

    [LoggerMessage(8021, LogLevel.Warning, "The host exits although its services have not stopped within {Seconds} s; the next start repeats unfinished batches")]
    private static partial void LogTooLong(ILogger logger, double seconds);
}

using Bxb.EventLog;
using Bxb.EventLog.Retries;
using Bxb.Riders.Failures;
using Bxb.Riders.Leases;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Carries the event log to Kafka: every record once, in log order, by one host at a time. The other hosts wait for its lease.</summary>
/// <remarks>
/// The lease only saves work; <see cref="RelayOwnership"/> fences. After a failure everything is given up, the lease too, and after a pause the next owner continues from the stored
/// checkpoint. Ingest does not depend on the relay. Stop: the flush in hand is finished and stored within <see cref="RidersOptions.StopTimeout"/>, else given up.
/// </remarks>
internal sealed partial class OutboxRelay(
    LeaseStore leases, RelayOwnership ownership, RelaySessionFactory sessions, RelayStore store, RelayProgress progress, RelayActivity activity, RelayInstruments instruments,
    IOptions<KafkaOptions> options, IOptions<RidersOptions> ridersOptions, TimeProvider time, ILogger<OutboxRelay> logger) : BackgroundService
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1);
    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

    private readonly string _topic = options.Value.Topic;

    // An attempt that fails can take as long as the brokers are waited for, so its length says nothing. A stored flush resets the count.
    private readonly RetryLoop _retries = new(Pauses, time) { ResetAfter = TimeSpan.MaxValue };

    /// <summary>The name of the lease that the active relay of a topic holds.</summary>
    public static string LeaseName(string topic) => "relay/" + topic;

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host's start goes on meanwhile.
        await Task.Yield();
        using var abort = new CancellationTokenSource();
        await using var deadline = stoppingToken.UnsafeRegister(_ => abort.CancelAfter(ridersOptions.Value.StopTimeout), null);
        var sampling = SampleAsync(stoppingToken);
        await _retries.RunAsync(stop => CarryAsync(stop, abort.Token), FailAsync, stoppingToken);
        LogStopped(logger, _topic);
        await sampling;
    }

    /// <summary>Takes the lease and carries until a step fails, or the topic has changed.</summary>
    private async Task<bool> CarryAsync(CancellationToken stop, CancellationToken abort)
    {
        var silence = options.Value.Relay.OwnerSilence;
        var confirming = new RidersOptions { OwnershipInterval = silence / 6, OwnerSilence = silence };
        await using var lease = await AdvisoryLease.AcquireAsync(leases, LeaseName(_topic), confirming, activity.Waiting, time, logger, stop);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop, lease.Lost);
        using var aborting = CancellationTokenSource.CreateLinkedTokenSource(abort, lease.Lost);
        try
        {
            var (topic, producer, checkpoint) = await ownership.TakeOverAsync(stopping.Token);
            await using var owned = producer;
            activity.Held(checkpoint.Position);
            progress.Publish(checkpoint with { TopicId = topic.Id });
            await sessions.Create(topic, producer, checkpoint).RunAsync(stopping.Token, aborting.Token);
            LogChanged(logger, _topic);
            return true;
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new OwnershipLostException(LeaseName(_topic));
        }
        finally
        {
            activity.Released();
            if (activity.Error is null)
            {
                _retries.Succeeded();
            }
        }
    }

    private async Task FailAsync(Exception exception, int failures)
    {
        var reason = FaultText.Line(exception);
        activity.Failing(reason);
        instruments.Failed();
        if (exception is OwnershipLostException)
        {
            LogSteppedDown(logger, _topic, reason);
            return;
        }

        LogFailed(logger, _topic, failures, reason);
        try
        {
            await store.StoreErrorAsync(_topic, ownership.Epoch, reason, CancellationToken.None);
        }
        catch (Exception away) when (EventLogErrors.Find(away) is not null)
        {
            LogNotWritten(logger, away.Message);
        }
    }

    private async Task SampleAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SampleInterval, time);
        while (!cancellationToken.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(cancellationToken).AsTask().ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            activity.Sample();
        }
    }

    [LoggerMessage(2134, LogLevel.Warning, "This host no longer carries the log to the topic {Topic}, and tries to again: {Reason}")]
    private static partial void LogSteppedDown(ILogger logger, string topic, string reason);

    [LoggerMessage(2135, LogLevel.Warning, "The relay to the topic {Topic} is interrupted, failure {Failures} in a row; it goes on by itself: {Reason}")]
    private static partial void LogFailed(ILogger logger, string topic, int failures, string reason);

    [LoggerMessage(2137, LogLevel.Information, "The topic {Topic} has more partitions than before, or another max.message.bytes; the relay goes on with that.")]
    private static partial void LogChanged(ILogger logger, string topic);

    [LoggerMessage(2138, LogLevel.Debug, "The relay to the topic {Topic} has ended.")]
    private static partial void LogStopped(ILogger logger, string topic);

    [LoggerMessage(2139, LogLevel.Debug, "Why the relay was interrupted could not be written down: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, string reason);
}

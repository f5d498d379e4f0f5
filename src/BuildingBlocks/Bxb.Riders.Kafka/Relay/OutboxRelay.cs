using System.Data.Common;
using Bxb.EventLog.Retries;
using Bxb.Riders.Failures;
using Bxb.Riders.Kafka.Topics;
using Bxb.Riders.Leases;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Carries the event log to Kafka: every record once, in log order, by one host at a time. The others wait for its lock.</summary>
/// <remarks>
/// A host takes over in five steps, in this order: the lock (for speed alone), the topic, the next epoch in PostgreSQL, the transactional id on Kafka, which fences off every producer before; and
/// then it looks whether the epoch is still its own, for a host that was suspended between the two would otherwise fence off the one that has overtaken it. Whatever fails: what is open is
/// given up, the lock too, and after a pause somebody goes on from the stored position. Ingest knows nothing of all this. Stop: the flush in hand is finished and stored within
/// <see cref="RidersOptions.StopTimeout"/>, else given up.
/// </remarks>
internal sealed partial class OutboxRelay(RelayServices services) : BackgroundService
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1);
    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

    // Room for the note of a record that is too large, with the longest key.
    private const int FewestRecordBytes = 4_096;

    private long _epoch;

    /// <summary>The name of the lock that the active relay holds.</summary>
    public static string LockName(KafkaOptions options) => "relay/" + options.Topic;

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host's start goes on meanwhile.
        await Task.Yield();
        using var abort = new CancellationTokenSource();
        await using var deadline = stoppingToken.UnsafeRegister(_ => abort.CancelAfter(services.RidersOptions.Value.StopTimeout), null);
        var sampling = SampleAsync(stoppingToken);
        await KeepGoingAsync(stoppingToken, abort.Token);
        await sampling;
    }

    private async Task KeepGoingAsync(CancellationToken stop, CancellationToken abort)
    {
        var failures = 0;
        while (!stop.IsCancellationRequested)
        {
            var started = services.Time.GetTimestamp();
            try
            {
                await CarryAsync(stop, abort);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                LogStopped(services.Logger, services.Options.Topic);
            }
            catch (Exception exception)
            {
                // What went well for a while was no failure in a row.
                failures = services.Time.GetElapsedTime(started) > Pauses.Longest * 2 && services.Activity.Error is null ? 1 : failures + 1;
                await FailAsync(exception, failures);
                await Task.Delay(Pauses.After(failures), services.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task CarryAsync(CancellationToken stop, CancellationToken abort)
    {
        var options = services.Options;
        var confirming = new RidersOptions { OwnershipInterval = options.Relay.OwnerSilence / 6, OwnerSilence = options.Relay.OwnerSilence };
        await using var lease = await AdvisoryLease.AcquireAsync(services.Locks, LockName(options), confirming, services.Activity.Waiting, services.Time, services.Logger, stop);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop, lease.Lost);
        using var aborting = CancellationTokenSource.CreateLinkedTokenSource(abort, lease.Lost);
        try
        {
            services.Activity.Claiming((await services.Store.ReadAsync(options.Topic, stopping.Token))?.Position ?? 0);
            var topic = await services.Topics.EnsureEventsAsync(stopping.Token);
            if (topic.MaxRecordBytes < FewestRecordBytes)
            {
                throw new TopicException($"The topic {topic.Name} takes records of {topic.MaxRecordBytes} bytes, and at least {FewestRecordBytes} are needed (max.message.bytes).");
            }

            var state = await TakeOverAsync(topic, stopping.Token);
            await using var producer = await RelayProducer.StartAsync(services.Clients, state.Partitions, topic.MaxRecordBytes, options, services.Activity.Failing, services.Time, services.KafkaLog, stopping.Token);
            state = await RegainAsync(await ConfirmAsync(state, stopping.Token), stopping.Token);
            LogHeld(services.Logger, topic.Name, state.Position, state.Epoch, state.Partitions);
            services.Activity.Held(state.Position);
            services.Progress.Publish(new RelayPoint(topic.Name, topic.Id, state.Position, state.Offsets, state.Epoch));
            await new RelaySession(services, topic, producer, state).RunAsync(stopping.Token, aborting.Token);
            LogChanged(services.Logger, topic.Name);
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new OwnershipLostException(LockName(options));
        }
        finally
        {
            services.Activity.Released();
        }
    }

    private async Task<StoredRelay> TakeOverAsync(TopicState topic, CancellationToken cancellationToken)
    {
        var (state, isNewTopic) = await services.Store.TakeOverAsync(topic, services.RidersOptions.Value.Owner, cancellationToken);
        _epoch = state.Epoch;
        services.Activity.Claiming(state.Position);
        if (isNewTopic)
        {
            LogNewTopic(services.Logger, topic.Name, topic.Id, state.Position);
        }

        return state.Partitions <= topic.Partitions
            ? state
            : throw new TopicException($"The topic {topic.Name} has {topic.Partitions} partitions, and {state.Partitions} were written to.");
    }

    /// <summary>What the owner before committed last it may have stored since; and a newer owner may have come.</summary>
    private async Task<StoredRelay> ConfirmAsync(StoredRelay taken, CancellationToken cancellationToken)
    {
        var state = await services.Store.ReadAsync(services.Options.Topic, cancellationToken);
        return state?.Epoch == taken.Epoch ? state : throw new OwnershipLostException(LockName(services.Options));
    }

    /// <summary>A topic can lose what was committed, when all of its copies crash at once: what is gone is carried to it again.</summary>
    private async Task<StoredRelay> RegainAsync(StoredRelay state, CancellationToken cancellationToken)
    {
        var ends = await services.Topics.FindEndsAsync(services.Options.Topic, state.Partitions, cancellationToken);
        if (!state.Offsets.Zip(ends).Any(o => o.First > o.Second))
        {
            return state;
        }

        var regained = await services.Store.GoBackAsync(services.Options.Topic, state.Epoch, ends, cancellationToken)
            ?? throw new TopicException($"The topic {services.Options.Topic} has lost records, and from where on cannot be told.");
        LogLostRecords(services.Logger, services.Options.Topic, state.Position, regained.Position);
        return regained;
    }

    private async Task FailAsync(Exception exception, int failures)
    {
        var reason = FaultText.Line(exception);
        services.Activity.Failing(reason);
        services.Instruments.Failed();
        if (exception is OwnershipLostException)
        {
            LogSteppedDown(services.Logger, services.Options.Topic, reason);
            return;
        }

        LogFailed(services.Logger, services.Options.Topic, failures, reason);
        try
        {
            await services.Store.StoreErrorAsync(services.Options.Topic, _epoch, reason, CancellationToken.None);
        }
        catch (DbException away)
        {
            LogNotWritten(services.Logger, away.Message);
        }
    }

    private async Task SampleAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SampleInterval, services.Time);
        while (!cancellationToken.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(cancellationToken).AsTask().ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            services.Activity.Sample();
        }
    }

    [LoggerMessage(2133, LogLevel.Information, "This host carries the log to the topic {Topic}, from behind position {Position} on, epoch {Epoch}, over {Partitions} partitions.")]
    private static partial void LogHeld(ILogger logger, string topic, long position, long epoch, int partitions);

    [LoggerMessage(2134, LogLevel.Warning, "This host no longer carries the log to the topic {Topic}, and tries to again: {Reason}")]
    private static partial void LogSteppedDown(ILogger logger, string topic, string reason);

    [LoggerMessage(2135, LogLevel.Warning, "The relay to the topic {Topic} is interrupted, failure {Failures} in a row; it goes on by itself: {Reason}")]
    private static partial void LogFailed(ILogger logger, string topic, int failures, string reason);

    [LoggerMessage(2136, LogLevel.Error, "The topic {Topic} is another one than before (its id is {Id} now): what it held is gone. Everything behind position {Position}, up to which all consumer groups are done, is carried to it again.")]
    private static partial void LogNewTopic(ILogger logger, string topic, string id, long position);

    [LoggerMessage(2140, LogLevel.Error, "The topic {Topic} has lost records that were committed. It was at position {Position}; everything behind {Regained} is carried to it again.")]
    private static partial void LogLostRecords(ILogger logger, string topic, long position, long regained);

    [LoggerMessage(2137, LogLevel.Information, "The topic {Topic} has more partitions than before, or another max.message.bytes; the relay goes on with that.")]
    private static partial void LogChanged(ILogger logger, string topic);

    [LoggerMessage(2138, LogLevel.Debug, "The relay to the topic {Topic} has ended.")]
    private static partial void LogStopped(ILogger logger, string topic);

    [LoggerMessage(2139, LogLevel.Debug, "Why the relay was interrupted could not be written down: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, string reason);
}

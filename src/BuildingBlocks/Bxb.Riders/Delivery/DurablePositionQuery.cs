using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Asks the consumer's store up to which position it holds everything (<see cref="EventConsumerOptions.DurableProgress"/>). Retries until the store answers.</summary>
internal sealed partial class DurablePositionQuery(
    PartitionSession session, EventConsumerOptions options, IServiceProvider services, RetryPause pause, PartitionActivity activity, ILogger logger)
{
    /// <summary>The position up to which the store holds everything; the progress itself when the group has no such option.</summary>
    /// <param name="progress">The group's progress in the partition.</param>
    /// <param name="isRecheck">Whether this ownership has asked before.</param>
    public async ValueTask<long> AskAsync(long progress, bool isRecheck)
    {
        if (options.DurableProgress is not { } ask)
        {
            return progress;
        }

        var partition = new PartitionProgress(session.Lease.Topic, session.Lease.Partition, progress, isRecheck);
        for (var failures = 0; ;)
        {
            try
            {
                var durable = Math.Max(0, await ask(services, partition, session.Stopping));
                activity.Recovered();
                if (failures > 0)
                {
                    LogAnswered(logger, session.Ownership.Group, failures);
                }

                return durable;
            }
            catch (Exception exception) when (!session.IsStopping)
            {
                failures++;
                LogFailure(exception, failures);
                await pause.ReportAsync(exception, failures);
            }
        }
    }

    private void LogFailure(Exception failure, int failures)
    {
        if (failures == 1)
        {
            LogNotAnswered(logger, session.Ownership.Group, FaultText.Line(failure));
        }
        else
        {
            LogStillNotAnswered(logger, failure, session.Ownership.Group, failures);
        }
    }

    [LoggerMessage(2022, LogLevel.Warning, "The store of consumer group {Group} does not report its durable position; it is asked until it answers: {Reason}")]
    private static partial void LogNotAnswered(ILogger logger, string group, string reason);

    [LoggerMessage(2023, LogLevel.Debug, "The store of consumer group {Group} does not report its durable position, attempt {Attempt}.")]
    private static partial void LogStillNotAnswered(ILogger logger, Exception failure, string group, int attempt);

    [LoggerMessage(2024, LogLevel.Information, "The store of consumer group {Group} reports its durable position again, after {Failures} failed attempts.")]
    private static partial void LogAnswered(ILogger logger, string group, int failures);
}

using Bxb.Riders.Failures;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Asks a consumer's store how far it surely reaches, until it answers.</summary>
internal sealed partial class DurablePositionQuery(PartitionSession duty)
{
    /// <summary>The position up to which the store surely holds everything; the progress itself where nobody can be asked.</summary>
    /// <param name="progress">What the group believes.</param>
    /// <param name="isRecheck">Whether this ownership has asked before.</param>
    public async Task<long> AskAsync(long progress, bool isRecheck)
    {
        if (duty.Options.DurableProgress is not { } ask)
        {
            return progress;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(duty.Intake, duty.Abort);
        for (var failures = 1; ; failures++)
        {
            try
            {
                var durable = Math.Max(0, await ask(duty.Services.Services, new PartitionProgress(duty.Claim.Topic, duty.Claim.Partition, progress, isRecheck), either.Token));
                duty.Activity.Recovered();
                if (failures > 1)
                {
                    Answered(duty.Services.Logger, duty.Owned.Group, failures - 1);
                }

                return durable;
            }
            catch (Exception exception) when (!duty.IsStopping)
            {
                var line = FaultText.Line(exception);
                if (failures == 1)
                {
                    NotAnswered(duty.Services.Logger, duty.Owned.Group, line);
                }
                else
                {
                    StillNotAnswered(duty.Services.Logger, exception, duty.Owned.Group, failures);
                }

                duty.Activity.Failing(line);
                await duty.RequireOwnedAsync(duty.Services.Progress.StoreErrorAsync(duty.Owned, line, duty.Abort));
                await duty.PauseAsync(failures);
            }
        }
    }

    [LoggerMessage(2022, LogLevel.Warning, "The store of consumer group {Group} does not say how far it surely reaches; it is asked until it does: {Reason}")]
    private static partial void NotAnswered(ILogger logger, string group, string reason);

    [LoggerMessage(2023, LogLevel.Debug, "The store of consumer group {Group} does not say how far it surely reaches, try {Try}")]
    private static partial void StillNotAnswered(ILogger logger, Exception failure, string group, int @try);

    [LoggerMessage(2024, LogLevel.Information, "The store of consumer group {Group} says how far it surely reaches, after {Failures} tries that failed.")]
    private static partial void Answered(ILogger logger, string group, int failures);
}

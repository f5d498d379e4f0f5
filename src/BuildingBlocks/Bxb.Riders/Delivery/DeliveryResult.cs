namespace Bxb.Riders.Delivery;

/// <summary>How a delivery ended.</summary>
internal enum DeliveryOutcome
{
    /// <summary>Every record was processed.</summary>
    Processed,

    /// <summary>Every record was processed or is a dead letter, at least one of them a dead letter.</summary>
    DeadLettered,

    /// <summary>The consumer's store holds less than the progress says: the partition must rewind.</summary>
    ProgressLost,

    /// <summary>The records are no longer to be delivered again. They were processed before, so the batch may be dropped.</summary>
    Withdrawn,
}

/// <summary>The result of a delivery.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="DurablePosition">With <see cref="DeliveryOutcome.ProgressLost"/>: the position up to which the consumer's store holds everything.</param>
internal readonly record struct DeliveryResult(DeliveryOutcome Outcome, long DurablePosition = 0)
{
    /// <summary>Whether the partition may go on behind the records.</summary>
    public bool IsComplete => Outcome is DeliveryOutcome.Processed or DeliveryOutcome.DeadLettered;
}

namespace Bxb.Riders;

/// <summary>
/// Thrown by a consumer whose store holds less than the group's progress says. The group rewinds, and everything up to its former position is delivered again with
/// <see cref="EventBatch.IsRepeat"/> set.
/// </summary>
public sealed class ProgressLostException : Exception
{
    /// <summary>Reports what the store holds.</summary>
    /// <param name="durablePosition">The highest position up to which the store durably holds everything; at least 0. A value above the group's progress means the progress.</param>
    public ProgressLostException(long durablePosition)
        : base($"The consumer's store durably holds only the records up to position {durablePosition}.")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(durablePosition);
        DurablePosition = durablePosition;
    }

    /// <summary>The highest position up to which the store durably holds everything.</summary>
    public long DurablePosition { get; }
}

namespace Bxb.Riders;

/// <summary>
/// A consumer throws it when its store turns out to hold less than the group's progress says: the group goes back, and everything up to where it
/// was is delivered again with <see cref="EventBatch.IsRepeat"/>.
/// </summary>
public sealed class ProgressLostException : Exception
{
    /// <summary>Says how far the store surely reaches.</summary>
    /// <param name="durablePosition">The highest position up to which the store surely holds everything; at least 0. Above the group's progress it means the progress.</param>
    public ProgressLostException(long durablePosition)
        : base($"The consumer's store surely holds only what lies up to position {durablePosition}.")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(durablePosition);
        DurablePosition = durablePosition;
    }

    /// <summary>The highest position up to which the store surely holds everything.</summary>
    public long DurablePosition { get; }
}

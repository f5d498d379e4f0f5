namespace Bxb.Riders.Transport;

/// <summary>A topic no longer holds the records that follow a checkpoint, because its retention deleted them. They are read from the event log instead.</summary>
public sealed class RecordsGoneException : Exception
{
    /// <summary>Reports from where on the topic can be read again.</summary>
    /// <param name="heldAbove">Every record of the partition above this position is still held.</param>
    public RecordsGoneException(long heldAbove)
        : base($"The topic no longer holds the records up to position {heldAbove}.")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(heldAbove);
        HeldAbove = heldAbove;
    }

    /// <summary>Every record of the partition above this position is still held.</summary>
    public long HeldAbove { get; }
}

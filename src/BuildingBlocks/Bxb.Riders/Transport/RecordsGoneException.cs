namespace Bxb.Riders.Transport;

/// <summary>A topic no longer holds what follows a mark: its retention was shorter than the reader was late. The event log holds it all the same, and the worker reads it there.</summary>
public sealed class RecordsGoneException : Exception
{
    /// <summary>Says from where on the topic can be read again.</summary>
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

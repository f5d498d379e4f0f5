namespace Bxb.Riders;

/// <summary>Somebody else owns the partition now, or may: whatever was in hand counts for nothing here.</summary>
public sealed class OwnershipLostException : Exception
{
    /// <summary>Of the group of this name.</summary>
    public OwnershipLostException(string group)
        : base($"The ownership of consumer group {group} was lost.")
    {
    }
}

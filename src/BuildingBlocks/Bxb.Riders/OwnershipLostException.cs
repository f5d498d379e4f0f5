namespace Bxb.Riders;

/// <summary>Another host owns the partition, or may own it: work in progress on this host no longer counts.</summary>
public sealed class OwnershipLostException : Exception
{
    /// <summary>Names the group.</summary>
    public OwnershipLostException(string group)
        : base($"The ownership of consumer group {group} was lost.")
    {
    }
}

namespace Bxb.Riders.Delivery;

/// <summary>Somebody else owns the partition now, or may: whatever was in hand counts for nothing here.</summary>
internal sealed class OwnershipLostException(string group) : Exception($"The ownership of consumer group {group} was lost.");

namespace Bxb.Analytics.Loading.Epochs;

/// <summary>The right to load one partition, in one lifetime of the server. The next epoch of the partition, or of one that conflicts with it, ends this one.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Owner">Unique name of the epoch; an insert is refused unless its owner is the last one.</param>
/// <param name="Instance">
/// The name of the embedded engine's process when the epoch began. Under another name the engine may have lost rows that it acknowledged. Null for a server, which syncs each
/// insert and may consist of several machines with different names.
/// </param>
/// <param name="Checkpoint">All events of the partition up to this position are in the table and on disk.</param>
/// <param name="HighestPosition">The highest position in the table when the epoch began, of any partition.</param>
internal sealed record Epoch(LoadPartition Partition, string Owner, string? Instance, long Checkpoint, long HighestPosition);

/// <summary>No epoch can begin now: another loader begins one at the same moment, or the table is being exchanged. Transient.</summary>
internal sealed class EpochRefusedException(string message) : Exception(message);

namespace Bxb.Riders.Transport;

/// <summary>How far a partition was read: everything up to a position, and where reading goes on.</summary>
/// <param name="Position">Every record of the partition at or below it was read.</param>
/// <param name="Offset">The Kafka offset of what follows; -1 where there is none or it is not known, and the transport finds it by the position.</param>
public readonly record struct Checkpoint(long Position, long Offset = -1);

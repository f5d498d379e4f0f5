namespace Bxb.Riders.Transport;

/// <summary>A place in a partition to continue from.</summary>
/// <param name="Position">Every record of the partition at or below it was read.</param>
/// <param name="Offset">The Kafka offset of the next record; -1 where there is none or it is not known, and the transport finds it by the position.</param>
public readonly record struct Checkpoint(long Position, long Offset = -1);

namespace Bxb.Riders.Kafka.Relay;

/// <summary>A record of a flush that is too large for the topic; a note of it was written in its place.</summary>
/// <param name="Index">Its place in the flush.</param>
/// <param name="Partition">The partition that holds the note.</param>
/// <param name="Reason">Its size and the limit, one sentence.</param>
internal readonly record struct OversizedRecord(int Index, int Partition, string Reason);

namespace Bxb.Riders.Kafka.Relay;

/// <summary>How far the log has been carried to the topic, as it is stored: where a relay continues.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="TopicId">Kafka's id of the topic: a topic that was made anew has another one.</param>
/// <param name="Position">Everything up to it is in the topic, committed.</param>
/// <param name="Offsets">For each partition, the offset behind the last such record; 0 when it has none. Never changed, only replaced.</param>
/// <param name="Epoch">The owner's epoch, higher than any before.</param>
internal sealed record RelayCheckpoint(string Topic, string TopicId, long Position, long[] Offsets, long Epoch = 0)
{
    /// <summary>Number of partitions that the records behind <see cref="Position"/> are spread over. A repeat goes by it, so that it lands where the first copy did.</summary>
    public int Partitions => Offsets.Length;

    /// <summary>Whether this is newer than another one. A later epoch is newer also where it has gone back.</summary>
    public bool Follows(RelayCheckpoint other) => Epoch != other.Epoch ? Epoch > other.Epoch
        : Position != other.Position ? Position > other.Position
        : Offsets.Length > other.Offsets.Length;
}

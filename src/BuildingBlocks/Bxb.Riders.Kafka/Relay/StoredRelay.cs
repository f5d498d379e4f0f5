namespace Bxb.Riders.Kafka.Relay;

/// <summary>How far the log has been carried, as it is stored: where a relay goes on.</summary>
/// <param name="Epoch">The ownership; higher than any before.</param>
/// <param name="TopicId">Kafka's id of the topic that was carried to.</param>
/// <param name="Position">Everything up to it is in the topic, committed.</param>
/// <param name="Offsets">For each partition, the offset behind the last such record; 0 when it has none. Never changed, only replaced.</param>
internal sealed record StoredRelay(long Epoch, string TopicId, long Position, long[] Offsets)
{
    /// <summary>Among so many partitions the records behind <see cref="Position"/> are spread, so that a repeat lands where the first copy did.</summary>
    public int Partitions => Offsets.Length;
}

/// <summary>A place that the relay has passed: everything up to the position stands below the offsets, and everything above it at or behind them.</summary>
/// <param name="Position">The position.</param>
/// <param name="Offsets">For each partition that the topic then had, where reading on from the position begins.</param>
/// <param name="At">When it was stored, by the clock of PostgreSQL.</param>
internal sealed record RelayFlush(long Position, long[] Offsets, DateTimeOffset At);

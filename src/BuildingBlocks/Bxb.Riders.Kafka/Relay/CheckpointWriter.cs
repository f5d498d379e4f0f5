using Bxb.Riders.Kafka.Topics;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Stores the checkpoints of one relay session, and now and then one for the history, by which a relay goes back when the topic has lost records. Used by one task.</summary>
internal sealed class CheckpointWriter(RelayCheckpoint begun, TopicState topic, TimeSpan retention, RelayStore store, RelayProgress progress, TimeProvider time)
{
    private const long HistoryPositions = 50_000;
    private static readonly TimeSpan HistoryTime = TimeSpan.FromSeconds(10);

    private (long Position, long At) _history = (-1, 0);

    /// <summary>The checkpoint that was stored last.</summary>
    public RelayCheckpoint Current { get; private set; } = begun;

    /// <summary>Stores that a flush was committed. More offsets than before take up new partitions behind it.</summary>
    /// <exception cref="OwnershipLostException">Another host has taken over: nothing was stored.</exception>
    public Task AdvanceAsync(long position, long[] offsets, CancellationToken cancellationToken)
    {
        var grows = offsets.Length > Current.Partitions;
        return StoreAsync(Current with { Position = position, Offsets = offsets }, grows || IsDue(position), grows, cancellationToken);
    }

    /// <summary>Stores the offsets behind records that were written once more, at the same position.</summary>
    /// <exception cref="OwnershipLostException">Another host has taken over: nothing was stored.</exception>
    public Task MoveAsync(long[] offsets, CancellationToken cancellationToken) => StoreAsync(Current with { Offsets = offsets }, forHistory: false, grows: false, cancellationToken);

    private async Task StoreAsync(RelayCheckpoint next, bool forHistory, bool grows, CancellationToken cancellationToken)
    {
        if (!await store.StoreAsync(next, forHistory ? retention : null, grows, cancellationToken))
        {
            throw new OwnershipLostException(OutboxRelay.LeaseName(topic.Name));
        }

        if (forHistory)
        {
            _history = (next.Position, time.GetTimestamp());
        }

        Current = next;
        progress.Publish(next with { TopicId = topic.Id });
    }

    private bool IsDue(long position) => _history.Position < 0 || position - _history.Position >= HistoryPositions
        || (position > _history.Position && time.GetElapsedTime(_history.At) >= HistoryTime);
}

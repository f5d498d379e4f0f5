using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;
using Bxb.Riders.Kafka.Relay;
using Bxb.Riders.Transport;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>A partition of the topic, read for one group: values become records, and the relay's repeats are dropped.</summary>
/// <remarks>
/// Within a partition positions only grow, but a relay that was killed may have written some records twice: a record whose position is not above the last one is such a repeat. What cannot
/// be read is put among the dead letters before the batch that follows it is handed out. Where there is nothing to read, the relay's state says how far the partition is: everything up to
/// its position lies below its offsets.
/// In the place of a record that was too large for the topic stands a note of its position: the record is read from the log, so that readers of the topic miss none.
/// </remarks>
internal sealed class KafkaLease(
    string group, RelayCheckpoint begun, AssignedPartition partition, TopicEndpoint endpoint, PartitionPlaces places, RelayProgress relay, UnreadableRecords unreadable,
    EventLogReader log, TimeProvider time) : IPartitionLease
{
    /// <summary>Progress without records is worth a write to the database only so often.</summary>
    private static readonly TimeSpan GapInterval = TimeSpan.FromMilliseconds(50);

    private readonly List<UnreadableRecord> _unreadable = [];
    private readonly IDisposable _watching = relay.Watch();
    private readonly BlockCursor _fetched = new(partition, endpoint);
    private Task? _fetching;
    private long _omitted;
    private Checkpoint? _returned;
    private Checkpoint _cursor;
    private long _gapAt;

    public int Partition => partition.Place.Partition.Value;

    public string? Topic => partition.Place.Topic;

    public string Stream { get; } = KafkaTransport.StreamOf(begun);

    public CancellationToken Ending => partition.Ending;

    public CancellationToken Lost => partition.Lost;

    public async ValueTask<Checkpoint> FillAsync(EventRecords into, Checkpoint after, long upTo, BatchLimits limits, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Lost);
        if (_returned != after)
        {
            _returned = null;
            await GoToAsync(after, either.Token);
        }

        var deadline = 0L;
        for (var carried = Carried(); !Take(into, upTo, limits); carried = Carried())
        {
            if (_omitted > 0)
            {
                await AddOmittedAsync(into, either.Token);
                continue;
            }

            if (IsThrough(into, upTo, carried, ref deadline, limits.MaxWait))
            {
                break;
            }

            await WaitAsync(into, upTo, carried, deadline, either.Token);
        }

        if (_unreadable.Count > 0)
        {
            await unreadable.PutAsync(group, Partition, _unreadable, either.Token);
            _unreadable.Clear();
        }

        _returned = _cursor;
        return _cursor;
    }

    public void Stored(Checkpoint progress)
    {
        if (progress.Offset >= 0)
        {
            endpoint.Stored(partition.Place, partition.Processed(progress.Offset));
        }
    }

    public ValueTask DisposeAsync()
    {
        _fetched.Drop();
        _watching.Dispose();
        endpoint.Release(partition);
        return ValueTask.CompletedTask;
    }

    private async Task GoToAsync(Checkpoint after, CancellationToken cancellationToken)
    {
        _fetched.Drop();
        var offset = after.Offset >= 0 ? after.Offset : await places.OffsetBehindAsync(Partition, after.Position, cancellationToken);
        var oldest = await endpoint.OldestAsync(partition.Place, cancellationToken);
        if (offset < oldest)
        {
            // The topic forgets, the log does not: what is gone here has to be read there.
            var held = await places.PositionAboveAsync(Partition, oldest, cancellationToken);
            offset = held <= after.Position ? oldest : throw new RecordsGoneException(held);
        }

        var isFirst = _cursor == default;
        await _fetched.SeekAsync(offset, cancellationToken);
        _cursor = new Checkpoint(after.Position, offset);
        if (isFirst)
        {
            // The lease before may have ended before it could tell the brokers how far it was.
            Stored(_cursor);
        }
    }

    /// <summary>Takes what was fetched; true when the batch is full, or when the next record lies beyond what is wanted. Stops before a note of an omitted record.</summary>
    private bool Take(EventRecords into, long upTo, BatchLimits limits)
    {
        _omitted = 0;
        for (; _fetched.HasValue(); _fetched.Advance())
        {
            if (IsFull(into, limits))
            {
                return true;
            }

            if (!Add(_fetched.Value, _fetched.Offset, into, upTo))
            {
                _cursor = _cursor with { Position = upTo };
                return true;
            }

            if (_omitted > 0)
            {
                return false;
            }
        }

        return IsFull(into, limits);
    }

    private static bool IsFull(EventRecords into, BatchLimits limits) => into.Count >= limits.MaxRecords || (into.Count > 0 && into.SizeInBytes >= limits.MaxBytes);

    /// <summary>Adds the record that the topic holds a note of, from the log.</summary>
    private async Task AddOmittedAsync(EventRecords into, CancellationToken cancellationToken)
    {
        var offset = _fetched.Offset;
        using var found = EventRecords.Rent();
        if (await log.ReadAsync(_omitted - 1, _omitted, 1, int.MaxValue, found, cancellationToken) > 0)
        {
            into.Add(found[0], offset);
        }
        else
        {
            _unreadable.Add(new UnreadableRecord(offset, _omitted, "The record was too large for the topic, and the log no longer holds it.", _fetched.Value.ToArray()));
        }

        _cursor = new Checkpoint(_omitted, offset + 1);
        _fetched.Advance();
    }

    /// <summary>Adds the next record, or passes by it; false when it lies beyond what is wanted.</summary>
    private bool Add(ReadOnlySpan<byte> value, long offset, EventRecords into, long upTo)
    {
        var isNote = OmittedEvent.TryReadPosition(value, out var position);
        if ((isNote || UsageEventReader.TryReadPosition(value, out position)) && position <= _cursor.Position)
        {
            _cursor = _cursor with { Offset = offset + 1 };
            return true;
        }

        if (position > upTo)
        {
            return false;
        }

        if (isNote)
        {
            _omitted = position;
            return true;
        }

        var reading = UsageEventReader.Read(value, into, out var entry);
        if (reading.Position > upTo)
        {
            return false;
        }

        if (reading.Position <= _cursor.Position && reading.Position > 0)
        {
            _cursor = _cursor with { Offset = offset + 1 };
            return true;
        }

        if (reading.IsRead)
        {
            entry.Offset = offset;
            into.Add(entry);
        }
        else
        {
            _unreadable.Add(new UnreadableRecord(offset, reading.Position, reading.Reason ?? reading.Fault.ToString(), value.ToArray()));
        }

        // Of what cannot be read the position is not believed either: a wrong one would make repeats of all that follows.
        _cursor = new Checkpoint(reading.IsRead ? reading.Position : _cursor.Position, offset + 1);
        return true;
    }

    /// <summary>How far the relay is. A topic that was made anew has other offsets under the same name; the next lease begins with them.</summary>
    private RelayCheckpoint Carried() => relay.Current is { } carried && carried.TopicId == begun.TopicId ? carried : throw new OwnershipLostException(group);

    /// <summary>Up to which position there is nothing but what was read; 0 when that cannot be told.</summary>
    private long Reached(RelayCheckpoint carried) => Partition < carried.Offsets.Length && carried.Offsets[Partition] <= _cursor.Offset ? carried.Position : 0;

    /// <summary>Whether there is no reason to wait for more, and how far the partition was read then.</summary>
    private bool IsThrough(EventRecords into, long upTo, RelayCheckpoint carried, ref long deadline, TimeSpan maxWait)
    {
        var reached = Reached(carried);
        if (upTo != long.MaxValue)
        {
            if (reached >= upTo)
            {
                _cursor = _cursor with { Position = upTo };
            }

            return reached >= upTo;
        }

        if (into.Count == 0 && _unreadable.Count == 0)
        {
            if (reached <= _cursor.Position || time.GetElapsedTime(_gapAt) < GapInterval)
            {
                return false;
            }

            _gapAt = time.GetTimestamp();
            _cursor = _cursor with { Position = reached };
            return true;
        }

        var now = time.GetTimestamp();
        deadline = deadline == 0 ? BatchSchedule.Close(now, maxWait, time.TimestampFrequency) : deadline;
        if (now < deadline)
        {
            return false;
        }

        _cursor = _cursor with { Position = Math.Max(reached, _cursor.Position) };
        return true;
    }

    private async Task WaitAsync(EventRecords into, long upTo, RelayCheckpoint carried, long deadline, CancellationToken cancellationToken)
    {
        var isEmpty = into.Count == 0 && _unreadable.Count == 0;
        TimeSpan? left = deadline != 0 ? TimeSpan.FromSeconds((double)(deadline - time.GetTimestamp()) / time.TimestampFrequency)
            : isEmpty && Reached(carried) > _cursor.Position ? GapInterval - time.GetElapsedTime(_gapAt)
            : null;

        // One that waits goes on doing so when another reason came first: to cancel it would cost an exception each time.
        _fetching = _fetching is { IsCompleted: false } ? _fetching : partition.Blocks.WaitToReadAsync(CancellationToken.None).AsTask();
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pausing = left is { } some ? Task.Delay(some > TimeSpan.Zero ? some : TimeSpan.Zero, time, pause.Token) : Task.Delay(Timeout.Infinite, pause.Token);
        await (isEmpty || upTo != long.MaxValue ? Task.WhenAny(_fetching, relay.Changed(carried), pausing) : Task.WhenAny(_fetching, pausing));
        await pause.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }
}

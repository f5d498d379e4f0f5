using System.Data.Common;
using Bxb.EventLog.Records;
using Bxb.Riders.Transport;

namespace Bxb.Riders;

/// <summary>What a consumer group is handed at once: records in log order, over a buffer that goes back to the pool when the consumer has returned.</summary>
/// <remarks>
/// Lent to the consumer for the length of its call: nothing of it may be kept. Reading is safe from any number of threads. A batch that failed or was cut
/// short by a crash comes again with the same edges and <see cref="IsRepeat"/> set; a record that cannot be processed is found by halving the batch.
/// </remarks>
public sealed class EventBatch
{
    private readonly int _start;
    private readonly int _count;
    private EventRecords? _records;

    /// <summary>A view over a part of <paramref name="records"/>, which stay their owner's. For transports, and for tests of a consumer.</summary>
    /// <param name="group">The consumer group.</param>
    /// <param name="records">The records; they must outlive the batch.</param>
    /// <param name="start">Index of the first record.</param>
    /// <param name="count">Number of records, at least 1.</param>
    /// <param name="attempt">From 0: how often these records were handed out before in this run.</param>
    /// <param name="isRepeat">Whether an earlier attempt of any of them may have reached a store.</param>
    public EventBatch(string group, EventRecords records, int start, int count, int attempt = 0, bool isRepeat = false)
    {
        ArgumentNullException.ThrowIfNull(records);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, records.Count - start);
        (Group, _records, _start, _count, Attempt, IsRepeat) = (group, records, start, count, attempt, isRepeat);
        FirstPosition = records[start].Position;
        LastPosition = records[start + count - 1].Position;
    }

    /// <summary>The number of records, at least 1.</summary>
    public int Count => _count;

    /// <summary>About how many bytes of text the records hold: for bounding memory.</summary>
    public int SizeInBytes => _records is { } records ? (int)((long)records.SizeInBytes * _count / records.Count) : 0;

    /// <summary>The consumer group.</summary>
    public string Group { get; }

    /// <summary>
    /// Position of the first record: the batch's lower edge. The edges were stored before the consumer was called, so that they are the same in every
    /// repeat after a crash; those of a halved batch lie within them.
    /// </summary>
    public long FirstPosition { get; }

    /// <summary>Position of the last record: the batch's upper edge.</summary>
    public long LastPosition { get; }

    /// <summary>From 0: how often these records were handed out before in this run. After a restart it begins at 0 again, with <see cref="IsRepeat"/> set.</summary>
    public int Attempt { get; }

    /// <summary>
    /// Whether an earlier attempt of any of these records may have reached a store: a redelivery, a batch taken over from another owner, a part of a halved
    /// batch, a rewind, a dead letter that was requeued. False means that none of them was ever handed to this group.
    /// </summary>
    public bool IsRepeat { get; }

    /// <summary>Which ownership of the group handed it out: grows with each take-over, never repeats. A store may refuse what an older one sends.</summary>
    public long OwnerEpoch { get; init; }

    /// <summary>The Kafka topic that the records came from; null when they came from the log itself.</summary>
    public string? Topic { get; init; }

    /// <summary>The partition of the topic; 0 for the log itself, which has one.</summary>
    public int Partition { get; init; }

    /// <summary>Offset of the first record in its partition; -1 when it came from the log itself.</summary>
    public long FirstOffset => this[0].Offset;

    /// <summary>Offset of the last record in its partition; -1 when it came from the log itself.</summary>
    public long LastOffset => this[_count - 1].Offset;

    /// <summary>How progress is written within a consumer's transaction; null where there is none to write.</summary>
    internal Func<DbTransaction, Checkpoint, CancellationToken, Task>? ProgressWriter { get; init; }

    /// <summary>
    /// Stores the group's progress up to this batch's end in a transaction of the consumer's own, on the log's database: work and progress are committed together or not at all, and the batch is
    /// never handed out again. Call it as the last thing before the commit, and do not commit when it throws.
    /// </summary>
    /// <param name="transaction">Open, of Npgsql, on the database of the event log; stays the caller's.</param>
    /// <param name="cancellationToken">Ends the call; the transaction must be rolled back then.</param>
    /// <exception cref="OwnershipLostException">Another host owns the partition now.</exception>
    /// <exception cref="InvalidOperationException">The batch was made by a test, and has no group behind it.</exception>
    public Task StoreProgressAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var offset = LastOffset;
        return (ProgressWriter ?? throw new InvalidOperationException("The batch has no group behind it."))(
            transaction, new Checkpoint(LastPosition, offset < 0 ? -1 : offset + 1), cancellationToken);
    }

    /// <summary>The record at an index, as a view that lives until the consumer returns.</summary>
    /// <exception cref="ObjectDisposedException">The consumer has returned; the buffer went back to the pool.</exception>
    public EventRecord this[int index]
    {
        get
        {
            var records = _records;
            ObjectDisposedException.ThrowIf(records is null, this);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_count, nameof(index));
            return records[_start + index];
        }
    }

    /// <summary>Ends the loan: every later use throws.</summary>
    internal void Release() => _records = null;
}

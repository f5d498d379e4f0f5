using System.Data.Common;
using Bxb.EventLog.Records;
using Bxb.Riders.Transport;

namespace Bxb.Riders;

/// <summary>A batch of records in log order, over a pooled buffer that is reused when the consumer has returned.</summary>
/// <remarks>
/// Valid during the consumer's call only: no part of it may be kept. Reading is thread-safe. A batch that failed or was interrupted by a crash is delivered again with the same edges and
/// <see cref="IsRepeat"/> set; a record that cannot be processed is found by halving the batch.
/// </remarks>
public sealed class EventBatch
{
    private readonly int _start;
    private readonly int _count;
    private EventRecords? _records;

    /// <summary>Creates a view over a part of <paramref name="records"/>, which stay owned by the caller. For transports, and for tests of a consumer.</summary>
    /// <param name="group">The consumer group.</param>
    /// <param name="records">The records; they must outlive the batch.</param>
    /// <param name="start">Index of the first record.</param>
    /// <param name="count">Number of records, at least 1.</param>
    /// <param name="attempt">How often these records were delivered before, from 0, since the group was taken over.</param>
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

    /// <summary>Number of records, at least 1.</summary>
    public int Count => _count;

    /// <summary>Approximate bytes of text in the records, for bounding memory.</summary>
    public int SizeInBytes => _records is { } records ? (int)((long)records.SizeInBytes * _count / records.Count) : 0;

    /// <summary>The consumer group.</summary>
    public string Group { get; }

    /// <summary>
    /// Position of the first record: the batch's lower edge. The edges are stored before the consumer is called, so they are the same in every repeat after a crash; the edges of a halved batch
    /// lie within them.
    /// </summary>
    public long FirstPosition { get; }

    /// <summary>Position of the last record: the batch's upper edge.</summary>
    public long LastPosition { get; }

    /// <summary>How often these records were delivered before, from 0. After a take-over it starts at 0 again, with <see cref="IsRepeat"/> set.</summary>
    public int Attempt { get; }

    /// <summary>
    /// Whether an earlier delivery of any of these records may have reached a store: a retry, a batch taken over from another owner, a part of a halved batch, a rewind, a requeued dead letter.
    /// False: none of them was ever delivered to this group.
    /// </summary>
    public bool IsRepeat { get; }

    /// <summary>The epoch of the owner that delivers the batch: it grows with each take-over. A store may refuse batches of an older epoch.</summary>
    public long OwnerEpoch { get; init; }

    /// <summary>The Kafka topic of the records; null when they were read from the log itself.</summary>
    public string? Topic { get; init; }

    /// <summary>The partition of the topic; 0 for the log itself.</summary>
    public int Partition { get; init; }

    /// <summary>Offset of the first record in its partition; -1 when it was read from the log itself.</summary>
    public long FirstOffset => this[0].Offset;

    /// <summary>Offset of the last record in its partition; -1 when it was read from the log itself.</summary>
    public long LastOffset => this[_count - 1].Offset;

    /// <summary>Writes progress in the consumer's transaction; null when the batch belongs to no group.</summary>
    internal Func<DbTransaction, Checkpoint, CancellationToken, Task>? ProgressWriter { get; init; }

    /// <summary>
    /// Stores the group's progress up to the end of this batch in the consumer's own transaction on the log's database: work and progress are committed together or not at all, and the batch is
    /// never delivered again. Call it last before the commit, and do not commit when it throws.
    /// </summary>
    /// <param name="transaction">An open Npgsql transaction on the database of the event log; owned by the caller.</param>
    /// <param name="cancellationToken">Ends the call; the transaction must be rolled back then.</param>
    /// <exception cref="OwnershipLostException">Another host owns the partition now.</exception>
    /// <exception cref="InvalidOperationException">The batch belongs to no group.</exception>
    public Task StoreProgressAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var offset = LastOffset;
        return (ProgressWriter ?? throw new InvalidOperationException("The batch belongs to no group."))(
            transaction, new Checkpoint(LastPosition, offset < 0 ? -1 : offset + 1), cancellationToken);
    }

    /// <summary>The record at an index, as a view that is valid until the consumer returns.</summary>
    /// <exception cref="ObjectDisposedException">The consumer has returned.</exception>
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

    /// <summary>Ends the batch's validity: every later use throws.</summary>
    internal void Release() => _records = null;
}

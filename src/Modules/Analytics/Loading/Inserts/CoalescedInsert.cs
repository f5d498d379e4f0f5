using Bxb.Analytics.Loading.Rows;

namespace Bxb.Analytics.Loading.Inserts;

/// <summary>One insert for the batches of several partitions. Thread-safe.</summary>
/// <remarks>
/// Batches join until the insert is full or closed. A batch that leaves before that is not inserted. After that its rows are sent with the others, and their outcome is unknown to the
/// partition that has left. The insert is cancelled when all partitions have left.
/// The months of all batches together are limited, so the insert has at most 48 partitions. Each takes some 200 to 650 bytes of the URL, of which a server accepts a megabyte.
/// </remarks>
internal sealed class CoalescedInsert(AnalyticsOptions limits) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<CoalescedBatch> _batches = [];
    private readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _abandoned = new();
    private (long Records, long Bytes, int Months) _size;
    private int _waiting;
    private bool _closed;

    /// <summary>Completes when a batch did not fit.</summary>
    internal Task Full => _full.Task;

    /// <summary>Completes or fails as the statement does.</summary>
    internal Task Ended => _ended.Task;

    /// <summary>Completes when no partition waits any more.</summary>
    internal Task Left => _left.Task;

    /// <summary>Is cancelled when no partition waits any more.</summary>
    internal CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Adds a batch if it fits. The first one always fits.</summary>
    internal bool TryJoin(CoalescedBatch batch)
    {
        lock (_gate)
        {
            (long Records, long Bytes, int Months) size = (_size.Records + batch.Batch.Count, _size.Bytes + batch.Batch.SizeInBytes, _size.Months + batch.Months);
            if (_closed || (_batches.Count > 0 && (IsTooLarge(size) || batch.Epoch.Instance != _batches[0].Epoch.Instance)))
            {
                _full.TrySetResult();
                return false;
            }

            _batches.Add(batch);
            (_size, _waiting) = (size, _waiting + 1);
            return true;
        }
    }

    /// <summary>Ends the wait of a partition. After it returns, the insert does not read the batch any more.</summary>
    internal async ValueTask LeaveAsync(CoalescedBatch batch)
    {
        bool wasLast;
        lock (_gate)
        {
            if (!_closed)
            {
                _batches.Remove(batch);
            }

            wasLast = --_waiting == 0;
            _closed |= wasLast;
        }

        if (wasLast)
        {
            await _abandoned.CancelAsync();
            _left.TrySetResult();
        }
    }

    /// <summary>Admits no further batch and writes the rows. The batches are not read after that.</summary>
    internal IReadOnlyList<CoalescedBatch> Close(UsageRowWriter rows)
    {
        lock (_gate)
        {
            _closed = true;
            rows.Clear();
            foreach (var batch in _batches)
            {
                var before = rows.Count;
                rows.Add(batch.Batch, MonthSlice.All);
                (batch.Rows, batch.HighestPosition) = (rows.Count - before, rows.HighestPosition);
            }

            return _batches;
        }
    }

    /// <summary>Completes <see cref="Ended"/>, with the failure if there is one.</summary>
    internal void End(Exception? failure)
    {
        if (failure is null)
        {
            _ended.TrySetResult();
        }
        else
        {
            _ended.TrySetException(failure);
        }
    }

    public void Dispose() => _abandoned.Dispose();

    private bool IsTooLarge((long Records, long Bytes, int Months) size) =>
        size.Records > limits.MaxBatch || size.Bytes > limits.MaxBatchBytes || size.Months > MonthSlicer.MaxMonths;
}

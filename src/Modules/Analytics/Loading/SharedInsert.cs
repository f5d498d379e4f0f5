using Bxb.Riders;

namespace Bxb.Analytics.Loading;

/// <summary>One lane's part in a <see cref="SharedInsert"/>.</summary>
/// <param name="batch">Lent until the insert has written its rows, or the lane has left.</param>
/// <param name="months">How many months it touches.</param>
/// <param name="term">The lane's term.</param>
internal sealed class InsertShare(EventBatch batch, int months, LoaderTerm term)
{
    internal EventBatch Batch => batch;

    internal int Months => months;

    internal LoaderTerm Term => term;

    /// <summary>How many rows the batch made.</summary>
    internal int Rows { get; set; }

    /// <summary>The highest position among them; 0 when there is none.</summary>
    internal long HighestPosition { get; set; }
}

/// <summary>Batches of several lanes on their way into ClickHouse by one statement. Thread-safe.</summary>
/// <remarks>
/// Lanes join until it is closed or full. A lane that gives up before that is left out; after it the lane's rows are with the others', and their end is unknown to the lane. When all have given up the statement is, too.
/// The months of each lane count, so that there are 48 lanes in it at most; the statement's URL, of which a server takes a megabyte, names each in some 200 to 650 bytes.
/// </remarks>
internal sealed class SharedInsert(AnalyticsOptions limits) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<InsertShare> _shares = [];
    private readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _abandoned = new();
    private (long Records, long Bytes, int Months) _size;
    private int _waiting;
    private bool _closed;

    /// <summary>Ends when no more batches fit.</summary>
    internal Task Full => _full.Task;

    /// <summary>Ends as the statement does, with its exception.</summary>
    internal Task Ended => _ended.Task;

    /// <summary>Ends when nobody waits for it any more.</summary>
    internal Task Left => _left.Task;

    /// <summary>Fires when nobody waits for it any more.</summary>
    internal CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Takes a batch in, if there is room for it; the first one always.</summary>
    internal bool TryJoin(InsertShare share)
    {
        lock (_gate)
        {
            (long Records, long Bytes, int Months) size = (_size.Records + share.Batch.Count, _size.Bytes + share.Batch.SizeInBytes, _size.Months + share.Months);
            if (_closed
                || (_shares.Count > 0 && (size.Records > limits.MaxBatch || size.Bytes > limits.MaxBatchBytes || size.Months > MonthSlices.MaxMonths || share.Term.Instance != _shares[0].Term.Instance)))
            {
                _full.TrySetResult();
                return false;
            }

            _shares.Add(share);
            (_size, _waiting) = (size, _waiting + 1);
            return true;
        }
    }

    /// <summary>A lane no longer waits. Its batch is not read any more when this returns.</summary>
    internal async ValueTask LeaveAsync(InsertShare share)
    {
        bool wasLast;
        lock (_gate)
        {
            if (!_closed)
            {
                _shares.Remove(share);
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

    /// <summary>Lets nobody join any more, and writes the rows. The batches are not read after that.</summary>
    internal IReadOnlyList<InsertShare> Close(UsageRowWriter rows)
    {
        lock (_gate)
        {
            _closed = true;
            rows.Clear();
            foreach (var share in _shares)
            {
                var before = rows.Count;
                rows.Add(share.Batch, MonthSlice.All);
                (share.Rows, share.HighestPosition) = (rows.Count - before, rows.HighestPosition);
            }

            return _shares;
        }
    }

    /// <summary>Tells those who wait how it ended.</summary>
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
}

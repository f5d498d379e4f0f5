using System.Threading.Channels;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>One assignment of one partition to this host: its fetched and unread blocks, and whether a lease holds it.</summary>
/// <remarks>
/// The polling thread appends and seeks; one reader at a time takes blocks. Seeks are numbered, and blocks of an earlier seek are dropped by thread and reader. Memory is bounded: beyond
/// its share polling waits for the reader, and a partition whose reader takes nothing is paused until half of its blocks were read. Pausing is the last resort: the client discards what it has fetched
/// ahead, and takes up to a second to continue. Blocks that are unread at the end are collected, not returned to the pool.
/// </remarks>
internal sealed class AssignedPartition(TopicPartition place, int maxBytes, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Channel<RecordBlock> _blocks = Channel.CreateUnbounded<RecordBlock>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Lock _gate = new();
    private RecordBlock? _open;
    private TaskCompletionSource? _sought;
    private TaskCompletionSource? _released;
    private long _seekTo;
    private long _queuedBytes;
    private long _lastQueuedBytes;
    private long _fullSince;
    private (long After, long Offset) _end;
    private long _processed;
    private long _next;
    private int _seek;
    private bool _isHeld;
    private bool _paused;

    /// <summary>Topic and partition number.</summary>
    public TopicPartition Place => place;

    /// <summary>Fires when the brokers want the partition back.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Fires when another host may have the partition.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Fetched blocks. The reader drops those of an earlier seek than the last.</summary>
    public ChannelReader<RecordBlock> Blocks => _blocks.Reader;

    /// <summary>Whether a seek waits for the polling thread.</summary>
    public bool WantsSeek => Volatile.Read(ref _sought) is not null;

    /// <summary>Takes the partition for a lease, unless one holds it or the brokers want it back.</summary>
    public bool TryAcquire()
    {
        lock (_gate)
        {
            if (_isHeld || _ending.IsCancellationRequested || _lost.IsCancellationRequested)
            {
                return false;
            }

            _isHeld = true;
            return true;
        }
    }

    /// <summary>Releases the partition. Returns whether another lease may take it.</summary>
    public bool Release()
    {
        lock (_gate)
        {
            _isHeld = false;
            _released?.TrySetResult();
            return !_ending.IsCancellationRequested && !_lost.IsCancellationRequested;
        }
    }

    /// <summary>Asks the lease to finish. Completes when the partition is released, at once when no lease holds it.</summary>
    public Task EndAsync()
    {
        lock (_gate)
        {
            _ = _ending.CancelAsync();
            if (!_isHeld)
            {
                return Task.CompletedTask;
            }

            return (_released ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>The partition is another host's now. Cancels the work on it.</summary>
    public void Lose()
    {
        _ = _lost.CancelAsync();
        _ = _ending.CancelAsync();
    }

    /// <summary>Asks the polling thread to fetch from an offset. Completes when it does, with the number of the seek, which the blocks that follow carry.</summary>
    /// <exception cref="OperationCanceledException">The token fired, or the partition was lost.</exception>
    public async Task<int> SeekAsync(long offset, CancellationToken cancellationToken)
    {
        var sought = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _seekTo = offset;
            Volatile.Write(ref _sought, sought);
        }

        await using var lost = Lost.Register(() => sought.TrySetCanceled(Lost));
        await sought.Task.WaitAsync(cancellationToken);
        return _seek;
    }

    /// <summary>On the polling thread: does the requested seek. A client that is not ready throws, and the request stays.</summary>
    public void Seek(Action<TopicPartitionOffset> seek)
    {
        TaskCompletionSource? sought;
        long offset;
        lock (_gate)
        {
            (sought, offset) = (_sought, _seekTo);
        }

        if (sought is null)
        {
            return;
        }

        seek(new TopicPartitionOffset(place, offset));
        lock (_gate)
        {
            _open?.Dispose();
            _open = null;
            _paused = false;
            _seek++;
            _next = offset;
            if (_sought == sought)
            {
                Volatile.Write(ref _sought, null);
            }
        }

        sought.TrySetResult();
    }

    /// <summary>On the polling thread: keeps a value. Dropped before the first seek.</summary>
    public void Append(long offset, ReadOnlySpan<byte> value)
    {
        if (IsElsewhere)
        {
            return;
        }

        _next = offset + 1;
        if (_open is null || !_open.TryAdd(offset, value))
        {
            HandOver();
            _open = new RecordBlock(_seek, value.Length);
            _open.TryAdd(offset, value);
        }
    }

    /// <summary>On the polling thread: the partition was fetched to its end.</summary>
    /// <param name="offset">The end, behind the control records of transactions.</param>
    /// <returns>The end when everything before it is processed; null otherwise.</returns>
    public long? EndAt(long offset)
    {
        if (IsElsewhere)
        {
            return null;
        }

        lock (_gate)
        {
            _end = (_next, offset);
            return Covered() is var covered && covered > _processed ? covered : null;
        }
    }

    /// <summary>On the reader: every record below an offset is processed.</summary>
    /// <returns>The offset below which there is nothing to process: the one given, or the end that was met behind it.</returns>
    public long Processed(long offset)
    {
        lock (_gate)
        {
            _processed = offset;
            return Covered();
        }
    }

    /// <summary>On the polling thread: hands the open block to the reader.</summary>
    public void HandOver()
    {
        if (_open is { } block)
        {
            _open = null;
            Interlocked.Add(ref _queuedBytes, block.SizeInBytes);
            _blocks.Writer.TryWrite(block);
        }
    }

    /// <summary>On the polling thread: whether the reader is so far behind that nothing more may be polled. Pauses fetching instead when the reader has taken nothing for a while.</summary>
    public bool IsFull(Action<TopicPartition> pause)
    {
        var queued = Interlocked.Read(ref _queuedBytes);
        if (_paused || queued <= maxBytes)
        {
            _fullSince = 0;
            return false;
        }

        if (_fullSince == 0 || queued < _lastQueuedBytes)
        {
            _fullSince = time.GetTimestamp();
        }

        _lastQueuedBytes = queued;
        if (time.GetElapsedTime(_fullSince) < Patience)
        {
            return true;
        }

        lock (_gate)
        {
            pause(place);
            _paused = true;
            return false;
        }
    }

    /// <summary>On the reader: a block was read. Fetching goes on when half of the memory is free.</summary>
    public void Taken(RecordBlock block, Action<TopicPartition> resume)
    {
        var left = Interlocked.Add(ref _queuedBytes, -block.SizeInBytes);
        lock (_gate)
        {
            if (_paused && left < maxBytes / 2 && !_lost.IsCancellationRequested)
            {
                resume(place);
                _paused = false;
            }
        }
    }

    /// <summary>Whether the client fetches from another place than the reader has asked for.</summary>
    private bool IsElsewhere => _seek == 0 || WantsSeek;

    // Between the last record before the end and the end there are no records, and never will be.
    private long Covered() => _processed >= _end.After && _processed < _end.Offset ? _end.Offset : _processed;
}

using System.Threading.Channels;
using Bxb.EventLog.Records;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Reading;

/// <summary>A batch that was read ahead. The caller that takes it disposes of it.</summary>
/// <param name="Records">In log order; empty when only gaps were found.</param>
/// <param name="Reached">How far the partition was read.</param>
/// <param name="IsRepeat">Whether the records were delivered before, ahead of a rewind.</param>
internal sealed record ReadBatch(EventRecords Records, Checkpoint Reached, bool IsRepeat) : IDisposable
{
    public void Dispose() => Records.Dispose();
}

/// <summary>Reads a partition one batch ahead of the worker: while one batch is processed, the next is read. Memory is bounded by two batches.</summary>
/// <remarks>
/// Owns its task and every batch that was not taken. One worker takes. A failure to read is thrown by <see cref="WaitAsync"/> after the batches read before it. During a rewind, a batch ends
/// where the rewind ends: no batch is half a repeat. Nothing is read above <see cref="Until"/>; the last batch's checkpoint is then at or above it.
/// </remarks>
internal sealed class ReadAhead : IAsyncDisposable
{
    private readonly Channel<ReadBatch> _batches = Channel.CreateBounded<ReadBatch>(new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _stop;
    private readonly IRecordSource _source;
    private readonly BatchLimits _limits;
    private readonly Task _reading;
    private RecordsGoneException? _recordsGone;
    private int _lastBytes;
    private int _lastCount;

    /// <summary>Starts to read.</summary>
    /// <param name="source">Owned by the caller; it has no other reader until this is disposed of.</param>
    /// <param name="after">Records above its position are read.</param>
    /// <param name="repeatUntil">Everything up to this position was delivered before.</param>
    /// <param name="until">Where the reading ends; <see cref="long.MaxValue"/> for never.</param>
    /// <param name="options">The group's options: they limit a batch.</param>
    /// <param name="stop">Ends the reading.</param>
    public ReadAhead(IRecordSource source, Checkpoint after, long repeatUntil, long until, EventConsumerOptions options, CancellationToken stop)
    {
        (_source, Until) = (source, until);
        _limits = new BatchLimits(options.MaxBatch, options.MaxBatchBytes, options.MaxWait);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _reading = Task.Run(() => ReadAsync(after, repeatUntil, _stop.Token), CancellationToken.None);
    }

    /// <summary>Where the reading ends; <see cref="long.MaxValue"/> for never.</summary>
    public long Until { get; }

    /// <summary>Set when every batch was taken and the reading ended because the source no longer holds the next records; null otherwise.</summary>
    public RecordsGoneException? RecordsGone => _batches.Reader.Completion.IsCompleted ? _recordsGone : null;

    /// <summary>The next batch if it has been read; null otherwise.</summary>
    public ReadBatch? TryTake() => _batches.Reader.TryRead(out var batch) ? batch : null;

    /// <summary>Returns when a batch was read, when the reading has ended, or when the token fires. Throws only failures of the reading.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        var waiting = _batches.Reader.WaitToReadAsync(cancellationToken).AsTask();
        await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (waiting.Exception is { } failure)
        {
            throw failure.InnerException ?? failure;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        while (_batches.Reader.TryRead(out var batch))
        {
            batch.Dispose();
        }

        _stop.Dispose();
    }

    private async Task ReadAsync(Checkpoint after, long repeatUntil, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            while (after.Position < Until)
            {
                var isRepeat = after.Position < repeatUntil;
                var batch = await ReadBatchAsync(after, isRepeat ? Math.Min(repeatUntil, Until) : Until, isRepeat, cancellationToken);
                after = batch.Reached;
                await HandOverAsync(batch, cancellationToken);

                // Records that arrive meanwhile make the next batch larger. A further batch would only wait, and its records would get older.
                await _batches.Writer.WaitToWriteAsync(cancellationToken);
            }
        }
        catch (RecordsGoneException gone)
        {
            _recordsGone = gone;
        }
        catch (Exception exception)
        {
            failure = cancellationToken.IsCancellationRequested ? null : exception;
        }

        _batches.Writer.Complete(failure);
    }

    private async ValueTask<ReadBatch> ReadBatchAsync(Checkpoint after, long upTo, bool isRepeat, CancellationToken cancellationToken)
    {
        // As large as the last batch: a buffer that grows is copied each time.
        var records = EventRecords.Rent(Math.Max(64 * 1024, _lastBytes), Math.Max(256, _lastCount));
        try
        {
            var reached = await _source.FillAsync(records, after, upTo, _limits, cancellationToken);
            (_lastBytes, _lastCount) = (records.SizeInBytes, records.Count);
            return new ReadBatch(records, reached, isRepeat);
        }
        catch
        {
            records.Dispose();
            throw;
        }
    }

    private async ValueTask HandOverAsync(ReadBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            await _batches.Writer.WriteAsync(batch, cancellationToken);
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }
}

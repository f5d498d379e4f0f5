using System.Threading.Channels;
using Bxb.EventLog.Records;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Reading;

/// <summary>Records read ahead. Whoever took it disposes of it.</summary>
/// <param name="Records">In log order; empty when only gaps were found.</param>
/// <param name="Reached">How far the partition was read.</param>
/// <param name="IsRepeat">Whether they were delivered once already, before a rewind.</param>
internal sealed record ReadBatch(EventRecords Records, Checkpoint Reached, bool IsRepeat) : IDisposable
{
    public void Dispose() => Records.Dispose();
}

/// <summary>Reads a partition one batch ahead of the worker: while one is in hand, the next is read, so memory is bounded by two batches.</summary>
/// <remarks>
/// Owns its task and every batch that was not taken. One worker takes. A failure to read comes out of <see cref="WaitAsync"/>, behind the batches read before. Where a rewind is under
/// way, a batch ends at its end: none is half a repeat. Nothing is read beyond an end that was given: the last batch's mark is at or above it then.
/// </remarks>
internal sealed class ReadAhead : IAsyncDisposable
{
    private readonly Channel<ReadBatch> _batches = Channel.CreateBounded<ReadBatch>(new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _stop;
    private readonly IRecordSource _source;
    private readonly BatchLimits _limits;
    private readonly Task _reading;
    private int _lastBytes;
    private int _lastCount;

    /// <summary>Begins to read.</summary>
    /// <param name="source">The caller's; read by nobody else until this is disposed of.</param>
    /// <param name="after">Records above its position are read.</param>
    /// <param name="repeatUntil">Everything up to here was delivered once already.</param>
    /// <param name="until">Where the reading ends; <see cref="long.MaxValue"/> for never.</param>
    /// <param name="options">The group's.</param>
    /// <param name="intake">Ends the reading.</param>
    /// <param name="abort">Ends it too.</param>
    public ReadAhead(
        IRecordSource source, Checkpoint after, long repeatUntil, long until, EventConsumerOptions options, CancellationToken intake, CancellationToken abort = default)
    {
        (_source, Until) = (source, until);
        _limits = new BatchLimits(options.MaxBatch, options.MaxBatchBytes, options.MaxWait);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(intake, abort);
        _reading = Task.Run(() => ReadAsync(after, repeatUntil, _stop.Token), CancellationToken.None);
    }

    /// <summary>Where the reading ends; <see cref="long.MaxValue"/> for never.</summary>
    public long Until { get; }

    /// <summary>The next batch, if it is there already; null if not.</summary>
    public ReadBatch? TryTake() => _batches.Reader.TryRead(out var batch) ? batch : null;

    /// <summary>Ends when a batch is there, when the reading has ended, or when the token fires; throws only what the reading threw.</summary>
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

                // What comes meanwhile makes the batch after it larger, and not one more that has to wait its turn: that would only make records older.
                await _batches.Writer.WaitToWriteAsync(cancellationToken);
            }
        }
        catch (Exception exception)
        {
            failure = cancellationToken.IsCancellationRequested ? null : exception;
        }

        _batches.Writer.Complete(failure);
    }

    private async ValueTask<ReadBatch> ReadBatchAsync(Checkpoint after, long upTo, bool isRepeat, CancellationToken cancellationToken)
    {
        // As large as the one before: a buffer that grows on the way is copied each time.
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

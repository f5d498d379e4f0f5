using Bxb.EventLog.Records;
using Bxb.Riders.Progress;
using Bxb.Riders.Reading;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Works one partition from take-over to release, on one thread at a time: stores a batch's edges, has it delivered, stores the progress.</summary>
/// <remarks>
/// In this order: the consumer's store is asked how far it surely reaches; the batch that was in hand is repeated with its edges; then, after a rewind if the store lacks something,
/// what follows. Progress of one batch and edges of the next are one statement while batches follow each other. Between two batches a replay begins that was asked for: the partition goes
/// back, and on from where it was. Leaves with <see cref="OwnershipLostException"/> when somebody else has taken over, with whatever PostgreSQL threw when it is away, and quietly at a
/// stop, with the finished work committed.
/// </remarks>
internal sealed partial class PartitionWorker
{
    private readonly PartitionSession _duty;
    private readonly BatchDelivery _delivery;
    private readonly RequeuedDelivery _requeued;
    private readonly PartitionReplay _replays;
    private readonly RequestPoll _lookout;
    private readonly DurablePositionQuery _durable;
    private readonly ProgressTracker _marks;
    private readonly PartitionSource _source;
    private readonly StoredProgress _found;
    private readonly bool _ownedBefore;
    private int _rewinds;

    /// <summary>Takes up what the row says.</summary>
    /// <param name="duty">The ownership.</param>
    /// <param name="found">What the row said.</param>
    /// <param name="ownedBefore">Whether the epoch before was this loop's own, so that its consumer has surely ended.</param>
    public PartitionWorker(PartitionSession duty, StoredProgress found, bool ownedBefore)
    {
        (_duty, _found, _ownedBefore) = (duty, found, ownedBefore);
        _marks = new ProgressTracker(duty, found);
        _replays = new PartitionReplay(duty, _marks);
        _delivery = new BatchDelivery(duty, movesProgress: true) { BeforeRetry = _replays.ThrowIfEndingAsync };
        _requeued = new RequeuedDelivery(duty);
        _lookout = new RequestPoll(duty);
        _durable = new DurablePositionQuery(duty);
        _source = new PartitionSource(duty, _marks);
    }

    private ILogger Logger => _duty.Services.Logger;

    /// <summary>Runs until a stop or a failure.</summary>
    public async Task RunAsync()
    {
        _duty.Activity.Replaying(_marks.Replay is not null);
        var durable = await _durable.AskAsync(_marks.Processed.Position, isRecheck: false);
        if (_found.InFlight is { } edges)
        {
            await OutwaitOwnerAsync();
            await RepeatAsync(edges);
        }

        if (durable < _found.Processed.Position)
        {
            await RewindAsync(durable, _marks.Progress.Position);
        }

        await _duty.RequireOwnedAsync(_duty.Services.Progress.StoreComparedAsync(_duty.Owned, _duty.Abort));
        while (!_duty.IsStopping)
        {
            await using var reader = _source.Open();
            await DeliverFromAsync(reader);
        }

        if (_duty.Claim.Lost.IsCancellationRequested)
        {
            throw new OwnershipLostException(_duty.Owned.Group);
        }

        await _marks.StoreAsync();
    }

    /// <summary>
    /// Somebody else had a batch in hand. If he lives, he learns at his next confirmation that his lock is gone, and cancels his consumer: until then, his work and the repeat could
    /// reach the store side by side.
    /// </summary>
    private async Task OutwaitOwnerAsync()
    {
        if (!_ownedBefore)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_duty.Intake, _duty.Abort);
            await Task.Delay(_duty.Services.Options.OwnershipInterval * 2, _duty.Services.Time, either.Token);
        }
    }

    /// <summary>Delivers until a stop, until the reader's end, or until another reader is needed.</summary>
    private async Task DeliverFromAsync(ReadAhead reader)
    {
        var end = _marks.Progress.Position;
        try
        {
            while (!_duty.IsStopping)
            {
                if (_lookout.IsDue())
                {
                    await _requeued.DeliverAsync();
                    if (await _replays.LookAsync())
                    {
                        return;
                    }
                }

                if (_duty.Group.TakeRecheck(_duty.Owned.Partition) is { } recheck && await RecheckAsync(recheck, end))
                {
                    return;
                }

                if (_marks.Progress.Position >= reader.Until)
                {
                    await _replays.LeaveAtEndAsync();
                    return;
                }

                using var batch = reader.TryTake();
                if (batch is null)
                {
                    await _marks.StoreAsync();
                    await WaitAsync(reader);
                    continue;
                }

                if (batch.Records.Count > 0)
                {
                    end = batch.Records.LastPosition;
                    await _marks.StoreAsync(Edges(batch.Records));
                    await DeliverAsync(batch.Records, batch.IsRepeat);
                }

                _marks.Reach(batch.Reached, batch.Records.Count, batch.Records.LastPosition);
                _rewinds = 0;
            }
        }
        catch (ProgressLostException lost)
        {
            await RewindAsync(lost.DurablePosition, end);
        }
        catch (ReplayEndingException)
        {
            await _replays.LeaveAsync();
        }
        catch (RecordsGoneException gone) when (_source.CanGoAround(gone, _marks.Progress.Position))
        {
            _source.GoAround(gone);
        }
    }

    /// <summary>Repeats the batch that the owner before had in hand. Its edges stand in the row, which is this owner's now.</summary>
    private async Task RepeatAsync(BatchEdges edges)
    {
        using var records = EventRecords.Rent();
        // What a consumer committed with its own work is behind it: a transaction did both or neither.
        var after = _marks.Progress.Position < edges.First ? new Checkpoint(edges.First - 1, edges.FirstOffset) : _marks.Progress;
        await _source.FillAsync(records, after, edges.Last);
        try
        {
            if (records.Count > 0)
            {
                await DeliverAsync(records, isRepeat: true);
            }

            if (_marks.Progress.Position < edges.Last)
            {
                _marks.Reach(new Checkpoint(edges.Last, edges.LastOffset < 0 ? -1 : edges.LastOffset + 1), records.Count, records.LastPosition);
            }
        }
        catch (ProgressLostException lost)
        {
            await RewindAsync(lost.DurablePosition, edges.Last);
        }
        catch (ReplayEndingException)
        {
            await _replays.LeaveAsync();
        }
    }

    private static BatchEdges Edges(EventRecords records) => new(records.FirstPosition, records.LastPosition, records[0].Offset, records[records.Count - 1].Offset);

    private async Task DeliverAsync(EventRecords records, bool isRepeat)
    {
        var started = _duty.Services.Time.GetTimestamp();
        _duty.Activity.Pending(_marks.Replay is null ? records[0].IngestedAtMilliseconds : 0);
        await _delivery.DeliverAsync(records, 0, records.Count, attempt: 0, isRepeat);
        var elapsed = _duty.Services.Time.GetElapsedTime(started);
        _duty.Services.Instruments.Processed(_duty.Owned.Group, records.Count, elapsed);
        Processed(Logger, _duty.Owned.Group, records.Count, records.FirstPosition, records.LastPosition, elapsed.TotalMilliseconds);
    }

    private async Task WaitAsync(ReadAhead reader)
    {
        _duty.Activity.Pending(0);
        using var timeout = new CancellationTokenSource(RequestPoll.Interval, _duty.Services.Time);
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _duty.Intake, _duty.Abort);
        _duty.Group.SetWake(_duty.Owned.Partition, wake);
        try
        {
            await reader.WaitAsync(wake.Token);
        }
        finally
        {
            _duty.Group.SetWake(_duty.Owned.Partition, null);
        }
    }

    /// <summary>Goes back to what the consumer's store surely holds; all that was handed out up to <paramref name="end"/> will come as a repeat.</summary>
    private async Task RewindAsync(long durable, long end)
    {
        var from = _marks.Processed.Position;
        _marks.Fall(durable, end);
        Rewinding(Logger, _duty.Owned.Group, from, _marks.Processed.Position);
        await _marks.StoreAsync();
        _duty.Services.Instruments.Rewound(_duty.Owned.Group);
        if (++_rewinds > 1)
        {
            await _duty.PauseAsync(_rewinds);
        }
    }

    /// <summary>Asks the consumer's store once more; true when the partition went back.</summary>
    private async Task<bool> RecheckAsync(TaskCompletionSource recheck, long end)
    {
        try
        {
            var durable = await _durable.AskAsync(_marks.Processed.Position, isRecheck: true);
            if (durable >= _marks.Processed.Position)
            {
                return false;
            }

            await RewindAsync(durable, end);
            return true;
        }
        finally
        {
            recheck.TrySetResult();
        }
    }

    [LoggerMessage(2020, LogLevel.Debug, "Consumer group {Group} processed {Count} records, positions {First} to {Last}, in {Milliseconds:0.0} ms.")]
    private static partial void Processed(ILogger logger, string group, int count, long first, long last, double milliseconds);

    [LoggerMessage(2021, LogLevel.Warning, "Consumer group {Group} goes back from position {Progress} to {Target}: its store surely holds no more.")]
    private static partial void Rewinding(ILogger logger, string group, long progress, long target);
}

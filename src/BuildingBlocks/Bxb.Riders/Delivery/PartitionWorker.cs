using Bxb.EventLog.Records;
using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Works one partition from take-over to release, on one thread at a time: stores a batch's edges, has it delivered, stores the progress.</summary>
/// <remarks>
/// In this order: the consumer's store is asked how far it surely reaches; the batch that was in hand is repeated with its edges; then, after a rewind if the store lacks something,
/// what follows. Progress of one batch and edges of the next are one statement while batches follow each other. Leaves with <see cref="OwnershipLostException"/> when
/// somebody else has taken over, with whatever PostgreSQL threw when it is away, and quietly at a stop, with the finished work committed.
/// </remarks>
internal sealed partial class PartitionWorker
{
    private readonly PartitionDuty _duty;
    private readonly BatchDelivery _delivery;
    private readonly RequeuedDelivery _requeued;
    private readonly StoredProgress _found;
    private readonly bool _ownedBefore;
    private ReadMark _progress;
    private long _repeatUntil;
    private bool _unstored;
    private int _rewinds;

    /// <summary>Takes up what the row says.</summary>
    /// <param name="duty">The ownership.</param>
    /// <param name="found">What the row said.</param>
    /// <param name="ownedBefore">Whether the epoch before was this loop's own, so that its consumer has surely ended.</param>
    public PartitionWorker(PartitionDuty duty, StoredProgress found, bool ownedBefore)
    {
        (_duty, _found, _ownedBefore, _progress, _repeatUntil) = (duty, found, ownedBefore, found.Progress, found.RepeatUntil);
        _delivery = new BatchDelivery(duty);
        _requeued = new RequeuedDelivery(duty, _delivery);
    }

    private ILogger Logger => _duty.Services.Logger;

    /// <summary>Runs until a stop or a failure.</summary>
    public async Task RunAsync()
    {
        var durable = await AskDurableAsync();
        if (_found.InFlight is { } edges)
        {
            await OutwaitOwnerAsync();
            await RepeatAsync(edges);
        }

        if (durable < _found.Progress.Position)
        {
            await RewindAsync(durable, _progress.Position);
        }

        while (!_duty.IsStopping)
        {
            await using var reader = new ReadAhead(_duty.Claim, _progress, _repeatUntil, _duty.Options, _duty.Intake);
            await DeliverFromAsync(reader);
        }

        if (_duty.Claim.Lost.IsCancellationRequested)
        {
            throw new OwnershipLostException(_duty.Owned.Group);
        }

        await StoreProgressAsync();
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

    /// <summary>Delivers until a stop, or until a rewind asks for another reader.</summary>
    private async Task DeliverFromAsync(ReadAhead reader)
    {
        var end = _progress.Position;
        try
        {
            while (!_duty.IsStopping)
            {
                await _requeued.DeliverAsync();
                if (_duty.Group.TakeRecheck(_duty.Owned.Partition) is { } recheck && await RecheckAsync(recheck, end))
                {
                    return;
                }

                using var batch = reader.TryTake();
                if (batch is null)
                {
                    await StoreProgressAsync();
                    await WaitAsync(reader);
                    continue;
                }

                if (batch.Records.Count > 0)
                {
                    end = batch.Records.LastPosition;
                    await StoreAsync(Edges(batch.Records));
                    await DeliverAsync(batch.Records, batch.IsRepeat);
                }

                (_progress, _unstored, _rewinds) = (batch.Reached, true, 0);
            }
        }
        catch (ProgressLostException lost)
        {
            await RewindAsync(lost.DurablePosition, end);
        }
    }

    /// <summary>Repeats the batch that the owner before had in hand. Its edges stand in the row, which is this owner's now.</summary>
    private async Task RepeatAsync(BatchEdges edges)
    {
        using var records = EventRecords.Rent();
        // What a consumer committed with its own work is behind it: a transaction did both or neither.
        var after = _progress.Position < edges.First ? new ReadMark(edges.First - 1, edges.FirstOffset) : _progress;
        await _duty.Claim.FillAsync(records, after, edges.Last, BatchLimits.None, _duty.Intake);
        try
        {
            if (records.Count > 0)
            {
                await DeliverAsync(records, isRepeat: true);
            }

            if (_progress.Position < edges.Last)
            {
                _progress = new ReadMark(edges.Last, edges.LastOffset < 0 ? -1 : edges.LastOffset + 1);
            }

            _unstored = true;
        }
        catch (ProgressLostException lost)
        {
            await RewindAsync(lost.DurablePosition, edges.Last);
        }
    }

    private static BatchEdges Edges(EventRecords records) => new(records.FirstPosition, records.LastPosition, records[0].Offset, records[records.Count - 1].Offset);

    private async Task DeliverAsync(EventRecords records, bool isRepeat)
    {
        var started = _duty.Services.Time.GetTimestamp();
        _duty.Activity.Pending(records[0].IngestedAtMilliseconds);
        await _delivery.DeliverAsync(records, 0, records.Count, attempt: 0, isRepeat);
        var elapsed = _duty.Services.Time.GetElapsedTime(started);
        _duty.Services.Instruments.Processed(_duty.Owned.Group, records.Count, elapsed);
        Processed(Logger, _duty.Owned.Group, records.Count, records.FirstPosition, records.LastPosition, elapsed.TotalMilliseconds);
    }

    private async Task WaitAsync(ReadAhead reader)
    {
        _duty.Activity.Pending(0);
        using var timeout = new CancellationTokenSource(RequeuedDelivery.Interval, _duty.Services.Time);
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
    private async Task<bool> RewindAsync(long durable, long end)
    {
        var target = durable < _progress.Position ? new ReadMark(durable) : _progress;
        Rewinding(Logger, _duty.Owned.Group, _progress.Position, target.Position);
        _repeatUntil = Math.Max(_repeatUntil, Math.Max(_progress.Position, end));
        (_progress, _unstored) = (target, true);
        await StoreProgressAsync();
        _duty.Services.Instruments.Rewound(_duty.Owned.Group);
        if (++_rewinds > 1)
        {
            await _duty.PauseAsync(_rewinds);
        }

        return true;
    }

    private Task StoreProgressAsync() => _unstored ? StoreAsync(next: null) : Task.CompletedTask;

    /// <summary>Asks the consumer's store once more; true when the partition went back.</summary>
    private async Task<bool> RecheckAsync(TaskCompletionSource recheck, long end)
    {
        try
        {
            var durable = await AskDurableAsync(isRecheck: true);
            return durable < _progress.Position && await RewindAsync(durable, end);
        }
        finally
        {
            recheck.TrySetResult();
        }
    }

    private async Task StoreAsync(BatchEdges? next)
    {
        _duty.Abort.ThrowIfCancellationRequested();
        await _duty.RequireOwnedAsync(_duty.Services.Progress.StoreAsync(_duty.Owned, _progress, next, _repeatUntil, _duty.Abort));
        _unstored = false;
        _duty.Group.Advance(_duty.Owned.Partition, _progress);
        _duty.Claim.Stored(_progress);
        _duty.Activity.Moved();
    }

    private async Task<long> AskDurableAsync(bool isRecheck = false)
    {
        if (_duty.Options.DurableProgress is not { } ask)
        {
            return _progress.Position;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(_duty.Intake, _duty.Abort);
        for (var failures = 1; ; failures++)
        {
            try
            {
                var progress = new PartitionProgress(_duty.Claim.Topic, _duty.Claim.Partition, _progress.Position, isRecheck);
                var durable = Math.Max(0, await ask(_duty.Services.Services, progress, either.Token));
                _duty.Activity.Recovered();
                return durable;
            }
            catch (Exception exception) when (!_duty.IsStopping)
            {
                var line = FaultText.Line(exception);
                NotAnswered(Logger, _duty.Owned.Group, line);
                _duty.Activity.Failing(line);
                await _duty.RequireOwnedAsync(_duty.Services.Progress.StoreErrorAsync(_duty.Owned, line, _duty.Abort));
                await _duty.PauseAsync(failures);
            }
        }
    }

    [LoggerMessage(2020, LogLevel.Debug, "Consumer group {Group} processed {Count} records, positions {First} to {Last}, in {Milliseconds:0.0} ms.")]
    private static partial void Processed(ILogger logger, string group, int count, long first, long last, double milliseconds);

    [LoggerMessage(2021, LogLevel.Warning, "Consumer group {Group} goes back from position {Progress} to {Target}: its store surely holds no more.")]
    private static partial void Rewinding(ILogger logger, string group, long progress, long target);

    [LoggerMessage(2022, LogLevel.Warning, "The store of consumer group {Group} does not say how far it surely reaches; it is asked again: {Reason}")]
    private static partial void NotAnswered(ILogger logger, string group, string reason);
}

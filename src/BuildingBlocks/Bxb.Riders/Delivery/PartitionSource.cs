using Bxb.EventLog.Records;
using Bxb.Riders.Reading;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Delivery;

/// <summary>Where a partition is read: from the claim; from the event log where a replay says so, or for as long as the topic lacks what comes next.</summary>
internal sealed partial class PartitionSource(PartitionSession duty, ProgressTracker marks)
{
    private readonly LogRecordSource _log = new(duty.Services.Log, duty.Services.Transport.Topic, duty.Owned.Partition);
    private long _logUntil;

    /// <summary>Reads on from the progress, up to where another reader is needed. The caller's.</summary>
    public ReadAhead Open()
    {
        var until = marks.Replay?.Until ?? long.MaxValue;
        var (source, end) = marks.Replay is { FromLog: true } ? (_log, until)
            : _logUntil > marks.Progress.Position ? (_log, Math.Min(until, _logUntil))
            : ((IRecordSource)duty.Claim, until);
        return new ReadAhead(source, marks.Progress, marks.RepeatUntil, end, duty.Options, duty.Intake, duty.Abort);
    }

    /// <summary>Reads a batch by its stored edges.</summary>
    public async Task FillAsync(EventRecords into, Checkpoint after, long upTo)
    {
        var fromLog = marks.Replay is { FromLog: true };
        try
        {
            await (fromLog ? _log : (IRecordSource)duty.Claim).FillAsync(into, after, upTo, BatchLimits.None, duty.Intake);
        }
        catch (RecordsGoneException gone) when (!fromLog && into.Count == 0 && CanGoAround(gone, after.Position))
        {
            GoAround(gone);
            await _log.FillAsync(into, after, upTo, BatchLimits.None, duty.Intake);
        }
    }

    /// <summary>Whether the event log helps over what the topic lacks.</summary>
    public bool CanGoAround(RecordsGoneException gone, long progress) => gone.HeldAbove > progress && duty.Services.Transport.Topic is not null;

    /// <summary>Has the event log read until the topic holds what follows.</summary>
    public void GoAround(RecordsGoneException gone)
    {
        _logUntil = gone.HeldAbove;
        Gone(duty.Services.Logger, duty.Owned.Group, duty.Owned.Partition, marks.Progress.Position, gone.HeldAbove);
    }

    [LoggerMessage(2061, LogLevel.Warning, "The topic no longer holds what follows position {Progress} in partition {Partition} of consumer group {Group}: it is read from the event log up to {HeldAbove}.")]
    private static partial void Gone(ILogger logger, string group, int partition, long progress, long heldAbove);
}

using Bxb.ClickHouse;
using Bxb.Riders;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Loading.Epochs;

/// <summary>The current epoch of one partition, the highest position that the table may contain of it, and its checkpoint.</summary>
/// <remarks>
/// Rows of a partition enter the table in an epoch of that partition only. A position above the highest row at the epoch's begin and above everything sent in the epoch is therefore
/// not in the table. Other partitions do not affect this.
/// One caller at a time; <see cref="IsCurrent"/>, <see cref="Uncheckpointed"/>, <see cref="Checkpoint"/> and <see cref="OnCheckpoint"/> may be used concurrently with it.
/// </remarks>
internal sealed partial class EpochSession(LoadPartition partition, ClickHouseClient client, EpochStore epochs, AnalyticsInstruments instruments, ILogger logger)
{
    /// <summary>UNKNOWN_TABLE and UNKNOWN_DATABASE: the data directory was replaced by an empty one.</summary>
    private static readonly int[] MissingTableCodes = [60, 81];

    private const string EngineRestarted = "the engine was restarted";

    private readonly Lock _lock = new();
    private Epoch? _epoch;
    private bool _insertMayRun;
    private long _acknowledgedRow;
    private long _loaded;
    private long _checkpoint;
    private long? _rewoundTo;

    /// <summary>Whether there is an epoch and the engine has not been restarted since it began, as far as this host knows.</summary>
    internal bool IsCurrent => _epoch is { } epoch && !HasRestarted(epoch);

    /// <summary>The engine's instance name when the epoch began; null for a server and before the first epoch.</summary>
    internal string? Instance => _epoch?.Instance;

    /// <summary>The highest position that the table may contain of this partition.</summary>
    internal long HighestPosition { get; private set; }

    /// <summary>The position up to which batches were acknowledged in the current epoch, if it is above the checkpoint; else null.</summary>
    internal (Epoch Epoch, long Position)? Uncheckpointed
    {
        get
        {
            lock (_lock)
            {
                return _epoch is { } epoch && _loaded > _checkpoint ? (epoch, _loaded) : null;
            }
        }
    }

    /// <summary>All events of the partition up to this position are on disk.</summary>
    internal long Checkpoint
    {
        get
        {
            lock (_lock)
            {
                return _checkpoint;
            }
        }
    }

    /// <summary>Begins an epoch for this host and returns the partition's checkpoint.</summary>
    internal async Task<long> TakeOverAsync(CancellationToken cancellationToken)
    {
        End();
        return Enter(await epochs.BeginAsync(partition, cancellationToken)).Checkpoint;
    }

    /// <summary>Returns the epoch to load in. Begins a new one if an insert of the last one may still run, because only a new epoch stops it.</summary>
    /// <exception cref="ProgressLostException">ClickHouse contains less than it acknowledged.</exception>
    internal async Task<Epoch> GetEpochAsync(CancellationToken cancellationToken)
    {
        if (_epoch is not { } epoch)
        {
            return await BeginAfterRewindAsync(cancellationToken);
        }

        if (HasRestarted(epoch))
        {
            throw await RewindAsync(EngineRestarted, cancellationToken);
        }

        return _insertMayRun ? await ContinueAsync(epoch, cancellationToken) : epoch;
    }

    /// <summary>Call before an insert: from here on the table may contain rows up to this position, however the insert ends.</summary>
    internal void OnSending(long lastPosition) => HighestPosition = Math.Max(HighestPosition, lastPosition);

    /// <summary>Call when an insert was acknowledged.</summary>
    /// <exception cref="ProgressLostException">The engine was restarted since, and may have lost rows that it acknowledged before.</exception>
    internal async Task OnAcknowledgedAsync(Epoch epoch, long highestRow, CancellationToken cancellationToken)
    {
        if (HasRestarted(epoch))
        {
            throw await RewindAsync(EngineRestarted, cancellationToken);
        }

        _acknowledgedRow = Math.Max(_acknowledgedRow, highestRow);
    }

    /// <summary>Call when an insert failed or its outcome is unknown.</summary>
    /// <exception cref="ProgressLostException">The failure shows that ClickHouse may have lost rows, or that another host has taken the partition over.</exception>
    internal async Task OnFailedAsync(Epoch epoch, Exception failure, CancellationToken cancellationToken)
    {
        if (failure is ClickHouseException e && MeansRewind(e, epoch))
        {
            throw await RewindAsync(e.Message, cancellationToken);
        }

        _insertMayRun |= failure is not ClickHouseException { MayStillRun: false };
    }

    /// <summary>Call when all events of the partition up to a position were acknowledged.</summary>
    internal void OnLoaded(long position)
    {
        lock (_lock)
        {
            _loaded = Math.Max(_loaded, position);
        }
    }

    /// <summary>Call when a checkpoint was stored for what was acknowledged in an epoch.</summary>
    internal void OnCheckpoint(Epoch epoch, long position)
    {
        lock (_lock)
        {
            if (_epoch == epoch)
            {
                _checkpoint = position;
            }
        }
    }

    private bool HasRestarted(Epoch epoch) => epoch.Instance is { } instance && client.ServerInstance != instance;

    private bool MeansRewind(ClickHouseException e, Epoch epoch) => e.Code == EpochConditions.EndedCode || MissingTableCodes.Contains(e.Code) || HasRestarted(epoch);

    /// <summary>Begins an epoch after a rewind. A batch is delivered only after the consumer group has stored the lower progress, so no other host owns the partition.</summary>
    private async Task<Epoch> BeginAfterRewindAsync(CancellationToken cancellationToken)
    {
        if (_rewoundTo is not { } rewoundTo)
        {
            throw await RewindAsync("no epoch has begun", cancellationToken);
        }

        var epoch = await epochs.BeginAsync(partition, cancellationToken);
        return epoch.Checkpoint >= rewoundTo ? Enter(epoch) : throw await RewindAsync("the checkpoint is lower than before", cancellationToken);
    }

    private async Task<Epoch> ContinueAsync(Epoch epoch, CancellationToken cancellationToken)
    {
        Epoch next;
        try
        {
            next = await epochs.ContinueAsync(epoch, cancellationToken);
        }
        catch (ClickHouseException e) when (MeansRewind(e, epoch))
        {
            throw await RewindAsync(e.Message, cancellationToken);
        }

        if (next.Instance != epoch.Instance || next.HighestPosition < _acknowledgedRow)
        {
            throw await RewindAsync(EngineRestarted, cancellationToken);
        }

        lock (_lock)
        {
            (_epoch, HighestPosition, _checkpoint, _insertMayRun) = (next, next.HighestPosition, next.Checkpoint, false);
        }

        return next;
    }

    private Epoch Enter(Epoch epoch)
    {
        lock (_lock)
        {
            (_epoch, HighestPosition, _acknowledgedRow, _insertMayRun) = (epoch, epoch.HighestPosition, epoch.HighestPosition, false);
            (_loaded, _checkpoint, _rewoundTo) = (epoch.Checkpoint, epoch.Checkpoint, null);
        }

        LogBegun(partition.Name, epoch.Checkpoint, epoch.HighestPosition, epoch.Instance);
        return epoch;
    }

    private void End()
    {
        lock (_lock)
        {
            (_epoch, _rewoundTo) = (null, null);
        }
    }

    /// <summary>Ends the epoch and returns the exception that sends the partition back to its checkpoint.</summary>
    /// <remarks>The next epoch begins with the next batch. A host that no longer owns the partition gets no batch, so it does not end the epoch of the new owner.</remarks>
    private async Task<ProgressLostException> RewindAsync(string reason, CancellationToken cancellationToken)
    {
        instruments.Rewound();
        End();
        var checkpoint = await epochs.ReadCheckpointAsync(partition, cancellationToken);
        _rewoundTo = checkpoint;
        LogRewind(partition.Name, checkpoint, reason);
        return new ProgressLostException(checkpoint);
    }

    [LoggerMessage(7001, LogLevel.Information, "Loading ClickHouse, partition {Partition}: checkpoint {Checkpoint}, highest row {Highest}, server {Instance}")]
    private partial void LogBegun(string partition, long checkpoint, long highest, string? instance);

    [LoggerMessage(7004, LogLevel.Warning, "ClickHouse may have lost rows of partition {Partition}; loading continues after position {Position}: {Reason}")]
    private partial void LogRewind(string partition, long position, string reason);
}

using System.Diagnostics;
using Bxb.ClickHouse;
using Bxb.Riders;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Loading;

/// <summary>How a batch goes in.</summary>
internal enum LoadMode
{
    /// <summary>It was never sent.</summary>
    First,

    /// <summary>It was sent before, but the table surely holds none of it.</summary>
    Refill,

    /// <summary>The table may hold any of it.</summary>
    Repair,
}

/// <summary>Brings batches into ClickHouse so that each event stands there exactly once, and keeps the safe position.</summary>
/// <remarks>
/// Failure policy. A batch that fails, or whose end is unknown (time-out, cancelled, broken connection), is given again by the group with the same edges. By then what may
/// still be under way is fenced off by a new term, and the repair insert puts in what is missing. When ClickHouse turns out to hold less than was acknowledged
/// (a new life of the engine, other data in its directory), <see cref="ProgressLostException"/> sends the group back to the last checkpoint that these data hold.
/// One batch at a time; <see cref="CheckpointAsync"/> may run beside it.
/// </remarks>
internal sealed partial class UsageLoader(ClickHouseClient client, LoaderTerms terms, ILogger<UsageLoader> logger) : IDisposable
{
    /// <summary>UNKNOWN_TABLE and UNKNOWN_DATABASE: somebody put an empty directory there.</summary>
    private static readonly int[] Gone = [60, 81];

    private const string StartedAgain = "the engine was started again";

    private readonly UsageRowWriter _rows = new();
    private readonly Lock _lock = new();
    private LoaderTerm? _term;
    private bool _attemptMayRun;
    private long _highest;
    private long _acknowledgedRow;
    private long _acknowledged;
    private long _checkpoint;

    /// <summary>Whether the engine that answered last is another than the one which this host loaded: it may hold less than the progress says, until the group has gone back.</summary>
    internal bool MayHaveLost => _term is { Instance: { } instance } && client.ServerInstance is { } current && current != instance;

    /// <summary>Begins a term for this host and says up to which position ClickHouse surely holds everything.</summary>
    internal async Task<long> TakeOverAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _term = null;
        }

        var term = await terms.BeginAsync(cancellationToken);
        lock (_lock)
        {
            (_term, _highest, _acknowledgedRow, _attemptMayRun) = (term, term.Highest, term.Highest, false);
            (_acknowledged, _checkpoint) = (term.Checkpoint, term.Checkpoint);
        }

        LogTerm(term.Checkpoint, term.Highest, term.Instance);
        return term.Checkpoint;
    }

    /// <summary>Loads one batch.</summary>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown: give it again as a repeat.</exception>
    /// <exception cref="ProgressLostException">ClickHouse holds less than was acknowledged.</exception>
    internal async Task LoadAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var term = await CurrentTermAsync(cancellationToken);
        var mode = Choose(batch);
        var slices = MonthSlices.Of(batch);
        var rows = 0;
        for (var slice = 0; slice < slices.Count; slice++)
        {
            _rows.Write(batch, slices[slice]);
            if (_rows.Count > 0)
            {
                await InsertAsync(batch, slice, mode, term, cancellationToken);
                rows += _rows.Count;
            }
        }

        if (rows > 0 && batch.LastPosition <= _checkpoint)
        {
            // A dead letter that was requeued: nothing at or below the checkpoint is ever compared again, so it has to be on disk before it is believed.
            await client.SyncAsync(cancellationToken);
        }

        lock (_lock)
        {
            _acknowledged = Math.Max(_acknowledged, batch.LastPosition);
        }

        AnalyticsInstruments.LoadedRows.Add(rows);
        AnalyticsInstruments.LoadDuration.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds, new KeyValuePair<string, object?>("mode", mode.ToString()));
        LogLoaded(rows, batch.FirstPosition, batch.LastPosition, mode);
    }

    /// <summary>Brings what was acknowledged to disk and notes the position, if there is anything new.</summary>
    /// <returns>The safe position; 0 when this host does not load.</returns>
    internal async Task<long> CheckpointAsync(CancellationToken cancellationToken)
    {
        LoaderTerm? term;
        long position;
        lock (_lock)
        {
            (term, position) = (_term, _acknowledged);
            if (term is null || position <= _checkpoint)
            {
                return term is null ? 0 : _checkpoint;
            }
        }

        var begun = Stopwatch.GetTimestamp();
        await client.SyncAsync(cancellationToken);
        if (IsOver(term))
        {
            // What was acknowledged belongs to an earlier life of the engine; the next batch will say so to the group.
            return 0;
        }

        await terms.NoteCheckpointAsync(term, position, cancellationToken);
        lock (_lock)
        {
            if (_term == term)
            {
                _checkpoint = position;
            }
        }

        AnalyticsInstruments.CheckpointDuration.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds);
        LogCheckpoint(position);
        return position;
    }

    public void Dispose() => _rows.Dispose();

    /// <summary>The term to load in: a new one where an attempt of the last may still run, since only a new one stops it surely.</summary>
    private async Task<LoaderTerm> CurrentTermAsync(CancellationToken cancellationToken)
    {
        var (term, mayRun) = (_term, _attemptMayRun);
        if (term is null || IsOver(term))
        {
            throw await LostAsync(term is null ? "no term has begun" : StartedAgain, cancellationToken);
        }

        if (!mayRun)
        {
            return term;
        }

        var next = await terms.BeginAsync(cancellationToken);
        if (next.Instance != term.Instance || next.Highest < _acknowledgedRow)
        {
            throw await LostAsync(StartedAgain, cancellationToken);
        }

        lock (_lock)
        {
            (_term, _highest, _checkpoint, _attemptMayRun) = (next, next.Highest, next.Checkpoint, false);
        }

        return next;
    }

    private bool IsOver(LoaderTerm term) => term.Instance is { } instance && client.ServerInstance != instance;

    private LoadMode Choose(EventBatch batch)
    {
        if (batch.FirstPosition > _highest)
        {
            return batch.IsRepeat ? LoadMode.Refill : LoadMode.First;
        }

        AnalyticsInstruments.Repairs.Add(1);
        return LoadMode.Repair;
    }

    private async Task InsertAsync(EventBatch batch, int slice, LoadMode mode, LoaderTerm term, CancellationToken cancellationToken)
    {
        var statement = mode switch
        {
            LoadMode.First => UsageStatements.First(batch, slice, term),
            LoadMode.Refill => UsageStatements.Refill(term),
            _ => UsageStatements.Repair(batch, _rows, term),
        };
        statement.QueryId = $"{terms.QueryIds}{batch.FirstPosition}-{batch.LastPosition}-{Guid.NewGuid():N}";

        // From here on some of the rows may be there, however the call ends.
        _highest = Math.Max(_highest, batch.LastPosition);
        try
        {
            await client.InsertAsync(statement, _rows.Rows, cancellationToken);
        }
        catch (ClickHouseException e) when (e.Code == UsageStatements.TermOver || Gone.Contains(e.Code) || IsOver(term))
        {
            throw await LostAsync(e.Message, cancellationToken);
        }
        catch (Exception e)
        {
            _attemptMayRun |= e is not ClickHouseException { MayStillRun: false };
            throw;
        }

        if (IsOver(term))
        {
            throw await LostAsync(StartedAgain, cancellationToken);
        }

        _acknowledgedRow = Math.Max(_acknowledgedRow, _rows.HighestPosition);
    }

    private async Task<ProgressLostException> LostAsync(string reason, CancellationToken cancellationToken)
    {
        AnalyticsInstruments.Rewinds.Add(1);
        var durable = await TakeOverAsync(cancellationToken);
        LogLost(durable, reason);
        return new ProgressLostException(durable);
    }

    [LoggerMessage(7001, LogLevel.Information, "Loading ClickHouse: everything up to position {Checkpoint} is safe, the highest row is {Highest}, the server is {Instance}")]
    private partial void LogTerm(long checkpoint, long highest, string? instance);

    [LoggerMessage(7002, LogLevel.Debug, "Loaded {Rows} rows, positions {First} to {Last} ({Mode})")]
    private partial void LogLoaded(int rows, long first, long last, LoadMode mode);

    [LoggerMessage(7003, LogLevel.Debug, "Everything up to position {Position} is on disk")]
    private partial void LogCheckpoint(long position);

    [LoggerMessage(7004, LogLevel.Warning, "ClickHouse may hold less than was loaded; loading goes back to position {Position}: {Reason}")]
    private partial void LogLost(long position, string reason);
}

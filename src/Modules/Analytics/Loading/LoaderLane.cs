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

/// <summary>Brings the batches of one lane into ClickHouse so that each event stands there exactly once, and keeps the lane's safe position.</summary>
/// <remarks>
/// Failure policy. A batch that fails, or whose end is unknown (time-out, cancelled, broken connection), is given again by the group with the same edges. By then what may
/// still be under way is fenced off by a new term, and the repair insert puts in what is missing. When ClickHouse turns out to hold less than was acknowledged
/// (a new life of the engine, other data in its directory), <see cref="ProgressLostException"/> sends the partition back to the last checkpoint that these data hold.
/// Rows of a lane come into the table in that lane's term only, so what lies above the highest row when the term began and above what the term has sent is surely not
/// there, whatever other lanes do meanwhile.
/// One batch at a time; <see cref="Unsafe"/> and <see cref="MadeSafe"/> may be called beside it.
/// </remarks>
internal sealed partial class LoaderLane(Lane lane, ClickHouseClient client, LoaderTerms terms, RowWriters writers, ILogger logger)
{
    /// <summary>UNKNOWN_TABLE and UNKNOWN_DATABASE: somebody put an empty directory there.</summary>
    private static readonly int[] Gone = [60, 81];

    private const string StartedAgain = "the engine was started again";

    private readonly Lock _lock = new();
    private LoaderTerm? _term;
    private bool _attemptMayRun;
    private long _highest;
    private long _acknowledgedRow;
    private long _acknowledged;
    private long _checkpoint;
    private long? _wentBackTo;

    /// <summary>Whether the lane is in a term of the life that the engine lives now, as far as is known.</summary>
    internal bool IsInTerm => _term is { } term && !IsOver(term);

    /// <summary>The engine's name for itself when the term began; null with a server, and before the first term.</summary>
    internal string? Instance => _term?.Instance;

    /// <summary>What was acknowledged in the present term and is not known to be on disk; null when there is nothing.</summary>
    internal (LoaderTerm Term, long Position)? Unsafe
    {
        get
        {
            lock (_lock)
            {
                return _term is { } term && _acknowledged > _checkpoint ? (term, _acknowledged) : null;
            }
        }
    }

    /// <summary>Begins a term for this host and says up to which position ClickHouse surely holds everything of the lane.</summary>
    internal async Task<long> TakeOverAsync(CancellationToken cancellationToken)
    {
        EndTerm();
        return Enter(await terms.BeginAsync(lane, cancellationToken)).Checkpoint;
    }

    /// <summary>Loads one batch.</summary>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown: give it again as a repeat.</exception>
    /// <exception cref="ProgressLostException">ClickHouse holds less than was acknowledged.</exception>
    internal async Task LoadAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var term = await CurrentTermAsync(cancellationToken);
        var mode = Choose(batch);
        var rows = await InsertAsync(batch, mode, term, cancellationToken);
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
        LogLoaded(rows, batch.FirstPosition, batch.LastPosition, lane.Name, mode);
    }

    /// <summary>What was acknowledged in a term, up to a position, is on disk and noted.</summary>
    internal void MadeSafe(LoaderTerm term, long position)
    {
        lock (_lock)
        {
            if (_term == term)
            {
                _checkpoint = position;
            }
        }
    }

    /// <summary>The term to load in: a new one where an attempt of the last may still run, since only a new one stops it surely.</summary>
    private async Task<LoaderTerm> CurrentTermAsync(CancellationToken cancellationToken)
    {
        var (term, mayRun) = (_term, _attemptMayRun);
        if (term is null)
        {
            return await BeginAgainAsync(cancellationToken);
        }

        if (IsOver(term))
        {
            throw await LostAsync(StartedAgain, cancellationToken);
        }

        if (!mayRun)
        {
            return term;
        }

        var next = await ContinueAsync(term, cancellationToken);
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

    /// <summary>Begins a term for a partition that was told to go back, and has: a batch comes only when its progress was stored, so nobody else has the partition.</summary>
    private async Task<LoaderTerm> BeginAgainAsync(CancellationToken cancellationToken)
    {
        if (_wentBackTo is not { } wentBackTo)
        {
            throw await LostAsync("no term has begun", cancellationToken);
        }

        var term = await terms.BeginAsync(lane, cancellationToken);
        return term.Checkpoint >= wentBackTo ? Enter(term) : throw await LostAsync("the checkpoint is an older one", cancellationToken);
    }

    private LoaderTerm Enter(LoaderTerm term)
    {
        lock (_lock)
        {
            (_term, _highest, _acknowledgedRow, _attemptMayRun) = (term, term.Highest, term.Highest, false);
            (_acknowledged, _checkpoint, _wentBackTo) = (term.Checkpoint, term.Checkpoint, null);
        }

        LogTerm(lane.Name, term.Checkpoint, term.Highest, term.Instance);
        return term;
    }

    private async Task<LoaderTerm> ContinueAsync(LoaderTerm term, CancellationToken cancellationToken)
    {
        try
        {
            return await terms.ContinueAsync(term, cancellationToken);
        }
        catch (ClickHouseException e) when (MeansLost(e, term))
        {
            throw await LostAsync(e.Message, cancellationToken);
        }
    }

    private bool MeansLost(ClickHouseException e, LoaderTerm term) => e.Code == UsageStatements.TermOver || Gone.Contains(e.Code) || IsOver(term);

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

    /// <summary>Inserts the batch, slice by slice, when it is this lane's turn; says how many rows it made.</summary>
    private async Task<int> InsertAsync(EventBatch batch, LoadMode mode, LoaderTerm term, CancellationToken cancellationToken)
    {
        var slices = MonthSlices.Of(batch);
        var rows = await writers.TakeAsync(cancellationToken);
        try
        {
            var count = 0;
            for (var slice = 0; slice < slices.Count; slice++)
            {
                rows.Write(batch, slices[slice]);
                if (rows.Count > 0)
                {
                    await InsertAsync(batch, slice, rows, mode, term, cancellationToken);
                    count += rows.Count;
                }
            }

            return count;
        }
        finally
        {
            writers.Return(rows);
        }
    }

    private async Task InsertAsync(EventBatch batch, int slice, UsageRowWriter rows, LoadMode mode, LoaderTerm term, CancellationToken cancellationToken)
    {
        var statement = mode switch
        {
            LoadMode.First => UsageStatements.First(batch, slice, term),
            LoadMode.Refill => UsageStatements.Refill(term),
            _ => UsageStatements.Repair(batch, rows, term),
        };
        statement.QueryId = $"{terms.QueryIds(lane.Name)}{batch.FirstPosition}-{batch.LastPosition}-{Guid.NewGuid():N}";

        // From here on some of the rows may be there, however the call ends.
        _highest = Math.Max(_highest, batch.LastPosition);
        try
        {
            await client.InsertAsync(statement, rows.Rows, cancellationToken);
        }
        catch (ClickHouseException e) when (MeansLost(e, term))
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

        _acknowledgedRow = Math.Max(_acknowledgedRow, rows.HighestPosition);
    }

    /// <summary>Ends the term and says where the partition has to go on. The next term begins with the next batch: who no longer has the partition gets none, and disturbs nobody.</summary>
    private async Task<ProgressLostException> LostAsync(string reason, CancellationToken cancellationToken)
    {
        AnalyticsInstruments.Rewinds.Add(1);
        EndTerm();
        var durable = await terms.CheckpointAsync(lane, cancellationToken);
        _wentBackTo = durable;
        LogLost(lane.Name, durable, reason);
        return new ProgressLostException(durable);
    }

    private void EndTerm()
    {
        lock (_lock)
        {
            (_term, _wentBackTo) = (null, null);
        }
    }

    [LoggerMessage(7001, LogLevel.Information, "Loading ClickHouse, {Lane}: everything up to position {Checkpoint} is safe, the highest row is {Highest}, the server is {Instance}")]
    private partial void LogTerm(string lane, long checkpoint, long highest, string? instance);

    [LoggerMessage(7002, LogLevel.Debug, "Loaded {Rows} rows, positions {First} to {Last} of {Lane} ({Mode})")]
    private partial void LogLoaded(int rows, long first, long last, string lane, LoadMode mode);

    [LoggerMessage(7004, LogLevel.Warning, "ClickHouse may hold less of {Lane} than was loaded; loading goes back to position {Position}: {Reason}")]
    private partial void LogLost(string lane, long position, string reason);
}

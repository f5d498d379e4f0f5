using Bxb.ClickHouse;
using Bxb.Riders;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Loading;

/// <summary>Keeps one lane in a term, and knows what of the lane the table may hold and what of it is safe.</summary>
/// <remarks>
/// Rows of a lane come into the table in that lane's term only, so what lies above the highest row when the term began and above what the term has sent is surely not
/// there, whatever other lanes do meanwhile.
/// One caller at a time; <see cref="IsCurrent"/>, <see cref="Unsafe"/> and <see cref="MadeSafe"/> may be called beside it.
/// </remarks>
internal sealed partial class LaneTerms(Lane lane, ClickHouseClient client, LoaderTerms terms, ILogger logger)
{
    /// <summary>UNKNOWN_TABLE and UNKNOWN_DATABASE: somebody put an empty directory there.</summary>
    private static readonly int[] Gone = [60, 81];

    private const string StartedAgain = "the engine was started again";

    private readonly Lock _lock = new();
    private LoaderTerm? _term;
    private bool _attemptMayRun;
    private long _acknowledgedRow;
    private long _acknowledged;
    private long _checkpoint;
    private long? _wentBackTo;

    /// <summary>Whether there is a term, in the life that the engine lives now, as far as is known.</summary>
    internal bool IsCurrent => _term is { } term && !IsOver(term);

    /// <summary>The engine's name for itself when the term began; null with a server, and before the first term.</summary>
    internal string? Instance => _term?.Instance;

    /// <summary>The highest position that the table may hold of this lane.</summary>
    internal long Highest { get; private set; }

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

    /// <summary>Up to where everything of the lane is known to be on disk.</summary>
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

    /// <summary>Begins a term for this host and says up to which position ClickHouse surely holds everything of the lane.</summary>
    internal async Task<long> TakeOverAsync(CancellationToken cancellationToken)
    {
        End();
        return Enter(await terms.BeginAsync(lane, cancellationToken)).Checkpoint;
    }

    /// <summary>The term to load in: a new one where an attempt of the last may still run, since only a new one stops it surely.</summary>
    /// <exception cref="ProgressLostException">ClickHouse holds less than was acknowledged.</exception>
    internal async Task<LoaderTerm> CurrentAsync(CancellationToken cancellationToken)
    {
        if (_term is not { } term)
        {
            return await BeginAgainAsync(cancellationToken);
        }

        if (IsOver(term))
        {
            throw await LostAsync(StartedAgain, cancellationToken);
        }

        return _attemptMayRun ? await ContinueAsync(term, cancellationToken) : term;
    }

    /// <summary>Rows up to a position are sent: from here on some of them may be there, however the call ends.</summary>
    internal void Sending(long lastPosition) => Highest = Math.Max(Highest, lastPosition);

    /// <summary>Rows were acknowledged, or so it seems.</summary>
    /// <exception cref="ProgressLostException">By an engine that was started again: what it acknowledged before may be gone.</exception>
    internal async Task AcknowledgedAsync(LoaderTerm term, long highestRow, CancellationToken cancellationToken)
    {
        if (IsOver(term))
        {
            throw await LostAsync(StartedAgain, cancellationToken);
        }

        _acknowledgedRow = Math.Max(_acknowledgedRow, highestRow);
    }

    /// <summary>A call failed, or its end is unknown.</summary>
    /// <exception cref="ProgressLostException">Because ClickHouse is not what it was, or somebody else has taken over.</exception>
    internal async Task FailedAsync(LoaderTerm term, Exception failure, CancellationToken cancellationToken)
    {
        if (failure is ClickHouseException e && MeansLost(e, term))
        {
            throw await LostAsync(e.Message, cancellationToken);
        }

        _attemptMayRun |= failure is not ClickHouseException { MayStillRun: false };
    }

    /// <summary>Everything of the lane up to a position was acknowledged.</summary>
    internal void Done(long position)
    {
        lock (_lock)
        {
            _acknowledged = Math.Max(_acknowledged, position);
        }
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

    private bool IsOver(LoaderTerm term) => term.Instance is { } instance && client.ServerInstance != instance;

    private bool MeansLost(ClickHouseException e, LoaderTerm term) => e.Code == LoaderTerm.Over || Gone.Contains(e.Code) || IsOver(term);

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

    private async Task<LoaderTerm> ContinueAsync(LoaderTerm term, CancellationToken cancellationToken)
    {
        LoaderTerm next;
        try
        {
            next = await terms.ContinueAsync(term, cancellationToken);
        }
        catch (ClickHouseException e) when (MeansLost(e, term))
        {
            throw await LostAsync(e.Message, cancellationToken);
        }

        if (next.Instance != term.Instance || next.Highest < _acknowledgedRow)
        {
            throw await LostAsync(StartedAgain, cancellationToken);
        }

        lock (_lock)
        {
            (_term, Highest, _checkpoint, _attemptMayRun) = (next, next.Highest, next.Checkpoint, false);
        }

        return next;
    }

    private LoaderTerm Enter(LoaderTerm term)
    {
        lock (_lock)
        {
            (_term, Highest, _acknowledgedRow, _attemptMayRun) = (term, term.Highest, term.Highest, false);
            (_acknowledged, _checkpoint, _wentBackTo) = (term.Checkpoint, term.Checkpoint, null);
        }

        LogTerm(lane.Name, term.Checkpoint, term.Highest, term.Instance);
        return term;
    }

    private void End()
    {
        lock (_lock)
        {
            (_term, _wentBackTo) = (null, null);
        }
    }

    /// <summary>Ends the term and says where the partition has to go on. The next term begins with the next batch: who no longer has the partition gets none, and disturbs nobody.</summary>
    private async Task<ProgressLostException> LostAsync(string reason, CancellationToken cancellationToken)
    {
        AnalyticsInstruments.Rewinds.Add(1);
        End();
        var durable = await terms.CheckpointAsync(lane, cancellationToken);
        _wentBackTo = durable;
        LogLost(lane.Name, durable, reason);
        return new ProgressLostException(durable);
    }

    [LoggerMessage(7001, LogLevel.Information, "Loading ClickHouse, {Lane}: everything up to position {Checkpoint} is safe, the highest row is {Highest}, the server is {Instance}")]
    private partial void LogTerm(string lane, long checkpoint, long highest, string? instance);

    [LoggerMessage(7004, LogLevel.Warning, "ClickHouse may hold less of {Lane} than was loaded; loading goes back to position {Position}: {Reason}")]
    private partial void LogLost(string lane, long position, string reason);
}

using System.Globalization;

namespace Bxb.Host.Cli.Import;

/// <summary>What became of the lines so far. Thread-safe: the reader and every sender tell it, the display reads it.</summary>
/// <param name="report">Takes each refused line at once, one call at a time.</param>
internal sealed class ImportTally(Action<string> report)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, (long Line, long Bytes)> _ahead = [];
    private long _nextBatch;
    private Counts _counts = new(0, 0, 0, 0, 0, 0, 0);

    /// <summary>The counts at one moment.</summary>
    /// <param name="Ingested">Events recorded.</param>
    /// <param name="Duplicates">Events that were recorded before, including those whose first answer was lost.</param>
    /// <param name="Conflicts">Events whose id was recorded before with other content.</param>
    /// <param name="Rejected">Lines that are no valid events.</param>
    /// <param name="Position">The highest position of the log that an answer named.</param>
    /// <param name="Line">Every line up to this one is dealt with.</param>
    /// <param name="FileBytes">The same in bytes of the file.</param>
    public sealed record Counts(long Ingested, long Duplicates, long Conflicts, long Rejected, long Position, long Line, long FileBytes)
    {
        /// <summary>Events that the host answered for.</summary>
        public long Events => Ingested + Duplicates + Conflicts;
    }

    /// <summary>The counts now.</summary>
    public Counts Current
    {
        get
        {
            lock (_lock)
            {
                return _counts;
            }
        }
    }

    /// <summary>A line is no valid event.</summary>
    public void Reject(long line, string reason)
    {
        lock (_lock)
        {
            _counts = _counts with { Rejected = _counts.Rejected + 1 };
            report(string.Create(CultureInfo.InvariantCulture, $"line {line}: {reason}"));
        }
    }

    /// <summary>Counts refused lines that the answer did not list.</summary>
    public void RejectUntold(long lines, long fromLine, long toLine)
    {
        lock (_lock)
        {
            _counts = _counts with { Rejected = _counts.Rejected + lines };
            report(string.Create(CultureInfo.InvariantCulture, $"lines {fromLine} to {toLine}: {lines} more refused, beyond what one answer tells (a smaller --batch tells all)"));
        }
    }

    /// <summary>The host took these.</summary>
    public void Take(long ingested, long duplicates, long conflicts, long position)
    {
        lock (_lock)
        {
            _counts = _counts with
            {
                Ingested = _counts.Ingested + ingested,
                Duplicates = _counts.Duplicates + duplicates,
                Conflicts = _counts.Conflicts + conflicts,
                Position = Math.Max(_counts.Position, position),
            };
        }
    }

    /// <summary>A batch is dealt with; the line reached moves on once all batches before it are, too.</summary>
    public void Finish(ImportBatch batch)
    {
        lock (_lock)
        {
            _ahead[batch.Number] = (batch.LastLine, batch.FileBytes);
            while (_ahead.Remove(_nextBatch, out var reached))
            {
                _nextBatch++;
                _counts = _counts with { Line = reached.Line, FileBytes = reached.Bytes };
            }
        }
    }
}

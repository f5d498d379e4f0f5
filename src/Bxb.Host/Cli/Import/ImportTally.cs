using System.Globalization;

namespace Bxb.Host.Cli.Import;

/// <summary>Counts the lines of an import. Thread-safe: reader and senders write, the display reads.</summary>
/// <param name="report">Called for each refused line, never concurrently.</param>
internal sealed class ImportTally(Action<string> report)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, (long Line, long Bytes)> _ahead = [];
    private long _nextBatch;
    private Counts _counts = new(0, 0, 0, 0, 0, 0, 0);

    /// <summary>The counts at one moment.</summary>
    /// <param name="Ingested">Recorded events.</param>
    /// <param name="Duplicates">Events that were recorded before, including those whose first answer was lost.</param>
    /// <param name="Conflicts">Events that were recorded before with other content.</param>
    /// <param name="Rejected">Lines that are not valid events.</param>
    /// <param name="Position">The highest position of the log in any answer.</param>
    /// <param name="Line">All lines up to this one are done.</param>
    /// <param name="FileBytes">Bytes of the file up to that line.</param>
    public sealed record Counts(long Ingested, long Duplicates, long Conflicts, long Rejected, long Position, long Line, long FileBytes)
    {
        /// <summary>Events that the host has answered for.</summary>
        public long Events => Ingested + Duplicates + Conflicts;
    }

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

    /// <summary>Counts and reports a refused line.</summary>
    public void Reject(long line, string reason)
    {
        lock (_lock)
        {
            _counts = _counts with { Rejected = _counts.Rejected + 1 };
            report(string.Create(CultureInfo.InvariantCulture, $"line {line}: {reason}"));
        }
    }

    /// <summary>Counts and reports refused lines that the answer does not list.</summary>
    public void RejectUntold(long lines, long fromLine, long toLine)
    {
        lock (_lock)
        {
            _counts = _counts with { Rejected = _counts.Rejected + lines };
            report(string.Create(CultureInfo.InvariantCulture, $"lines {fromLine} to {toLine}: {lines} more refused; an answer lists at most 100 (a smaller --batch lists all)"));
        }
    }

    /// <summary>Counts the events of an answer.</summary>
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

    /// <summary>Marks a batch as done. The reached line advances once all earlier batches are done.</summary>
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

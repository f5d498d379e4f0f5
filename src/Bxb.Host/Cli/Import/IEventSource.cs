namespace Bxb.Host.Cli.Import;

/// <summary>A file being read into batches, in bounded memory. Not thread-safe.</summary>
internal interface IEventSource : IDisposable
{
    /// <summary>Lines for the summary, such as how the file was understood.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>Fills a batch with the next events; other lines are reported to the tally and skipped.</summary>
    /// <returns>False when the file is at its end; the batch may hold events all the same.</returns>
    /// <exception cref="ImportException">The file cannot be read any further.</exception>
    Task<bool> FillAsync(ImportBatch batch, CancellationToken cancellationToken);
}

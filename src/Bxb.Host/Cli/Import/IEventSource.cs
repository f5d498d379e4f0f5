namespace Bxb.Host.Cli.Import;

/// <summary>Reads a file into batches, in bounded memory. Not thread-safe.</summary>
internal interface IEventSource : IDisposable
{
    /// <summary>Lines for the summary, such as the types of columns.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>Fills a batch with the next events. Lines that are not events are reported to the tally and skipped.</summary>
    /// <returns>False at the end of the file. The batch may hold events then, too.</returns>
    /// <exception cref="CommandException">The rest of the file cannot be read.</exception>
    Task<bool> FillAsync(ImportBatch batch, CancellationToken cancellationToken);
}

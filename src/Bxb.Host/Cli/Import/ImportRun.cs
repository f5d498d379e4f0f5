using System.Threading.Channels;

namespace Bxb.Host.Cli.Import;

/// <summary>How an import ended.</summary>
/// <param name="Counts">What became of the lines.</param>
/// <param name="Elapsed">From the first read to the last answer.</param>
/// <param name="Failure">Why it could not go on; null if it could.</param>
/// <param name="Stopped">True when it was cancelled.</param>
/// <param name="Notes">Further lines for the summary.</param>
internal sealed record ImportResult(ImportTally.Counts Counts, TimeSpan Elapsed, ImportException? Failure, bool Stopped, IReadOnlyList<string> Notes)
{
    /// <summary>0: every line taken; 1: lines were refused; 2: could not go on; 130: stopped.</summary>
    public int ExitCode => Failure is not null ? 2 : Stopped ? 130 : Counts.Rejected > 0 ? 1 : 0;
}

/// <summary>One import: a reader fills batches, the connections send them. Holds at most twice as many batches as connections.</summary>
internal sealed class ImportRun(ImportSettings settings, ImportTally tally, TimeProvider time)
{
    /// <summary>Requests under way when the import is stopped may still be answered within this time; their lines then count.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Imports the file. Faults of the file or the host are in the result; they are not thrown.</summary>
    /// <param name="cancellationToken">Stops it; what was sent by then stays recorded, and the same import again goes on from there.</param>
    public async Task<ImportResult> RunAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var abort = new CancellationTokenSource();
        await using var grace = stop.Token.UnsafeRegister(static a => ((CancellationTokenSource)a!).CancelAfter(Grace), abort);
        ImportException? failure = null;
        IReadOnlyList<string> notes = [];
        try
        {
            var file = new FileStream(settings.File.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 128 * 1024, FileOptions.SequentialScan);
            using var source = await OpenAsync(file, stop.Token);
            notes = source.Notes;
            using var sender = new BatchSender(settings, tally, time);
            failure = await PumpAsync(source, sender, stop, abort.Token);
        }
        catch (ImportException wrong)
        {
            failure = wrong;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            failure = new ImportException(unreadable.Message, unreadable);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Cancelled: reported in the result.
        }

        return new ImportResult(tally.Current, time.GetElapsedTime(begun), failure, cancellationToken.IsCancellationRequested, notes);
    }

    private async Task<IEventSource> OpenAsync(FileStream file, CancellationToken cancellationToken)
    {
        try
        {
            return settings.Format == ImportFormat.Csv ? await CsvSource.OpenAsync(file, settings, tally, cancellationToken) : new NdjsonSource(file, settings, tally);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private async Task<ImportException?> PumpAsync(IEventSource source, BatchSender sender, CancellationTokenSource stop, CancellationToken abort)
    {
        var full = Channel.CreateBounded<ImportBatch>(settings.Connections);
        var empty = Channel.CreateUnbounded<ImportBatch>();
        for (var i = 0; i < settings.Connections * 2; i++)
        {
            empty.Writer.TryWrite(new ImportBatch(settings.Batch));
        }

        var senders = Enumerable.Range(0, settings.Connections).Select(_ => SendAllAsync(full.Reader, empty.Writer, sender, stop, abort)).ToArray();
        var unreadable = await ReadAllAsync(source, full.Writer, empty.Reader, stop.Token);
        var failures = await Task.WhenAll(senders);
        return failures.FirstOrDefault(f => f is not null) ?? unreadable;
    }

    private static async Task<ImportException?> ReadAllAsync(IEventSource source, ChannelWriter<ImportBatch> full, ChannelReader<ImportBatch> empty, CancellationToken stop)
    {
        try
        {
            ImportException? unreadable = null;
            var more = true;
            for (long number = 0; more && unreadable is null; number++)
            {
                var batch = await empty.ReadAsync(stop);
                batch.Reset(number);
                try
                {
                    more = await source.FillAsync(batch, stop);
                }
                catch (ImportException wrong)
                {
                    // Events before the unreadable place are sent.
                    unreadable = wrong;
                }

                await full.WriteAsync(batch, stop);
            }

            return unreadable;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            full.Complete();
        }
    }

    private async Task<ImportException?> SendAllAsync(
        ChannelReader<ImportBatch> full, ChannelWriter<ImportBatch> empty, BatchSender sender, CancellationTokenSource stop, CancellationToken abort)
    {
        try
        {
            await foreach (var batch in full.ReadAllAsync(stop.Token))
            {
                if (batch.Count > 0)
                {
                    await sender.SendAsync(batch, stop.Token, abort);
                }
                else
                {
                    tally.Finish(batch);
                }

                empty.TryWrite(batch);
            }

            return null;
        }
        catch (ImportException wrong)
        {
            // The other connections and the reader would fail the same way.
            await stop.CancelAsync();
            return wrong;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }
}

using System.Threading.Channels;

namespace Bxb.Host.Cli.Import;

/// <summary>The result of an import.</summary>
/// <param name="Counts">The counts of lines.</param>
/// <param name="Elapsed">Time from the first read to the last answer.</param>
/// <param name="Failure">The error that ended it, or null.</param>
/// <param name="Stopped">True when it was cancelled.</param>
/// <param name="Notes">Further lines for the summary.</param>
internal sealed record ImportResult(ImportTally.Counts Counts, TimeSpan Elapsed, CommandException? Failure, bool Stopped, IReadOnlyList<string> Notes)
{
    /// <summary>0: all lines taken; 1: lines were refused; 2: ended by an error; 130: cancelled.</summary>
    public int ExitCode => Failure is not null ? 2 : Stopped ? 130 : Counts.Rejected > 0 ? 1 : 0;
}

/// <summary>One import: a reader fills batches, and the connections send them. Uses two batches per connection.</summary>
internal sealed class ImportRun(ImportSettings settings, ImportTally tally, TimeProvider time)
{
    /// <summary>Time for running requests to end after a cancellation. Their lines count when they do.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Imports the file. Errors of the file or the host are in the result and are not thrown.</summary>
    /// <param name="cancellationToken">Stops the import. Sent events stay recorded, and a repeated import continues after them.</param>
    public async Task<ImportResult> RunAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var abort = new CancellationTokenSource();
        await using var grace = stop.Token.UnsafeRegister(static a => ((CancellationTokenSource)a!).CancelAfter(Grace), abort);
        CommandException? failure = null;
        IReadOnlyList<string> notes = [];
        try
        {
            var file = new FileStream(settings.File.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 128 * 1024, FileOptions.SequentialScan);
            using var source = await OpenAsync(file, stop.Token);
            notes = source.Notes;
            using var sender = new BatchSender(settings, tally, time);
            failure = await PumpAsync(source, sender, stop, abort.Token);
        }
        catch (CommandException wrong)
        {
            failure = wrong;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            failure = new CommandException(unreadable.Message, unreadable);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The result reports the cancellation.
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

    private async Task<CommandException?> PumpAsync(IEventSource source, BatchSender sender, CancellationTokenSource stop, CancellationToken abort)
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

    private static async Task<CommandException?> ReadAllAsync(IEventSource source, ChannelWriter<ImportBatch> full, ChannelReader<ImportBatch> empty, CancellationToken stop)
    {
        try
        {
            CommandException? unreadable = null;
            var more = true;
            for (long number = 0; more && unreadable is null; number++)
            {
                var batch = await empty.ReadAsync(stop);
                batch.Reset(number);
                try
                {
                    more = await source.FillAsync(batch, stop);
                }
                catch (CommandException wrong)
                {
                    // The events read so far are sent.
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

    private async Task<CommandException?> SendAllAsync(
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
        catch (CommandException wrong)
        {
            // The other connections would fail in the same way.
            await stop.CancelAsync();
            return wrong;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }
}

using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Loading.Inserts;
using Bxb.Analytics.Loading.Rows;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Bxb.Riders;
using Bxb.Riders.Replay;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Rebuild;

/// <summary>The copy of the table <c>usage</c> that a replay fills. One object per attempt of the replay; everything that a later attempt needs is stored in ClickHouse.</summary>
/// <remarks>The copy is a partition of its own and is filled by the same inserts as the live table, so each event is in it exactly once. <see cref="UsageExchange"/> replaces the live table.</remarks>
internal sealed class ShadowUsage(
    ClickHouseClient client, AnalyticsSchema schema, EpochStore epochs, RowWriterPool writers, CopyTables copies, LoadingPause pause, LogComparison comparison, UsageExchange exchange,
    AnalyticsInstruments instruments, ILogger<ShadowUsage> logger) : IShadowStore
{
    private PartitionLoader? _loader;

    private PartitionLoader Loader => _loader ?? throw new InvalidOperationException("The copy is not open.");

    /// <inheritdoc />
    public async Task<long> OpenAsync(long replay, CancellationToken cancellationToken)
    {
        await schema.EnsureAsync(cancellationToken);
        await copies.SettleAsync(cancellationToken);
        await copies.OpenAsync(replay, cancellationToken);

        // An earlier attempt can no longer exchange the copy, and its pause must not stop the loaders.
        await pause.EndAbandonedAsync(cancellationToken);
        var copy = await copies.FindAsync(cancellationToken) ?? throw new CopyInterruptedException("The copy was removed while it was opened.");
        _loader = new PartitionLoader(LoadPartition.Of(copy), client, epochs, writers, coalescer: null, instruments, logger);
        return await _loader.Session.TakeOverAsync(cancellationToken);
    }

    /// <inheritdoc />
    /// <exception cref="CopyInterruptedException">The copy may contain less than was loaded; open it again.</exception>
    public async Task LoadAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            await Loader.LoadAsync(batch, cancellationToken);
        }
        catch (ProgressLostException e)
        {
            throw new CopyInterruptedException($"The copy is complete only up to position {e.DurablePosition}.");
        }
    }

    /// <inheritdoc />
    public async Task<long> CheckpointAsync(CancellationToken cancellationToken)
    {
        await epochs.Checkpoints.StoreAsync([Loader.Session], cancellationToken);
        return Loader.Session.Checkpoint;
    }

    /// <inheritdoc />
    public async Task<string?> VerifyAsync(long upTo, CancellationToken cancellationToken) => await copies.FindAsync(cancellationToken) is { } copy
        ? await comparison.FindDifferenceAsync(copy.Table, upTo, cancellationToken)
        : "The copy no longer exists.";

    /// <inheritdoc />
    public Task SwapAsync(long upTo, CancellationToken cancellationToken) => exchange.RunAsync(upTo, cancellationToken);

    /// <inheritdoc />
    public async Task DropAsync(CancellationToken cancellationToken)
    {
        await schema.EnsureAsync(cancellationToken);
        await copies.SettleAsync(cancellationToken);
        await copies.DropAllAsync(cancellationToken);
        await pause.EndOthersAsync(attempt: "", instance: null, cancellationToken);
    }
}

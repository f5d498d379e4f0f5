using Bxb.Analytics.Loading;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Bxb.Riders;
using Bxb.Riders.Replay;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Rebuild;

/// <summary>The copy of the table <c>usage</c> that a replay builds. One for each run of a replay; everything that a later run has to know stands in ClickHouse.</summary>
/// <remarks>It is filled by the same inserts as the live table, through a lane of its own: each event once, whatever is repeated. See <see cref="UsageExchange"/> for how it takes the live table's place.</remarks>
internal sealed class ShadowUsage(
    ClickHouseClient client, AnalyticsSchema schema, LoaderTerms terms, RowWriters writers, UsageCopies copies, LoadingHold hold, LogComparison comparison, UsageExchange exchange,
    ILogger<ShadowUsage> logger) : IShadowStore
{
    private LoaderLane? _lane;

    private LoaderLane Opened => _lane ?? throw new InvalidOperationException("The copy was not opened.");

    /// <inheritdoc />
    public async Task<long> OpenAsync(long replay, CancellationToken cancellationToken)
    {
        await schema.EnsureAsync(cancellationToken);
        await copies.SettleAsync(cancellationToken);
        await copies.OpenAsync(replay, cancellationToken);

        // What an earlier run left: it can neither exchange the copy any more, nor hold anybody up.
        await hold.BreakAsync(cancellationToken);
        var copy = await copies.FindAsync(cancellationToken) ?? throw new CopyInterruptedException("The copy vanished while it was opened.");
        _lane = new LoaderLane(copy.Lane, client, terms, writers, shared: null, logger);
        return await _lane.Terms.TakeOverAsync(cancellationToken);
    }

    /// <inheritdoc />
    /// <exception cref="CopyInterruptedException">The copy may hold less than was loaded; open it again.</exception>
    public async Task LoadAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            await Opened.LoadAsync(batch, cancellationToken);
        }
        catch (ProgressLostException e)
        {
            throw new CopyInterruptedException($"The copy has to be gone on with behind position {e.DurablePosition}.");
        }
    }

    /// <inheritdoc />
    public async Task<long> CheckpointAsync(CancellationToken cancellationToken)
    {
        await terms.Checkpoints.MakeAsync([Opened.Terms], cancellationToken);
        return Opened.Terms.Checkpoint;
    }

    /// <inheritdoc />
    public async Task<string?> VerifyAsync(long upTo, CancellationToken cancellationToken) => await copies.FindAsync(cancellationToken) is { } copy
        ? await comparison.FindDifferenceAsync(copy.Table, upTo, cancellationToken)
        : "The copy is gone.";

    /// <inheritdoc />
    public Task SwapAsync(long upTo, CancellationToken cancellationToken) => exchange.RunAsync(upTo, cancellationToken);

    /// <inheritdoc />
    public async Task DropAsync(CancellationToken cancellationToken)
    {
        await schema.EnsureAsync(cancellationToken);
        await copies.SettleAsync(cancellationToken);
        await copies.DropAllAsync(cancellationToken);
        await hold.EndOthersAsync(attempt: "", instance: null, cancellationToken);
    }
}

/// <summary>A copy cannot be gone on with from here: the replay opens it again, and passes.</summary>
internal sealed class CopyInterruptedException(string message) : Exception(message);

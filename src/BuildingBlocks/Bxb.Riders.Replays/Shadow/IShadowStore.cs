namespace Bxb.Riders.Replays.Shadow;

/// <summary>A copy of a consumer's store. A replay builds it beside the live store, compares it with the log, and swaps it in.</summary>
/// <remarks>
/// One replay at a time builds it, on one host at a time, while the live store is read and written. Every call may be repeated after a crash. The replay retries transient failures
/// (see <see cref="EventConsumerOptions.IsTransient"/>).
/// </remarks>
public interface IShadowStore
{
    /// <summary>Creates an empty copy, or opens the one that this replay has created.</summary>
    /// <param name="replay">The replay's number; the copy of another replay is dropped.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The position up to which the copy durably holds everything; 0 for an empty copy.</returns>
    Task<long> OpenAsync(long replay, CancellationToken cancellationToken);

    /// <summary>Loads a batch. Batches arrive in log order; a batch that failed is loaded again as a repeat, also after a crash.</summary>
    Task LoadAsync(EventBatch batch, CancellationToken cancellationToken);

    /// <summary>Makes the loaded records durable.</summary>
    /// <returns>The position up to which the copy durably holds everything now.</returns>
    Task<long> CheckpointAsync(CancellationToken cancellationToken);

    /// <summary>Compares the copy with the event log up to a position.</summary>
    /// <returns>Null when they agree; otherwise one sentence that describes the difference.</returns>
    Task<string?> VerifyAsync(long upTo, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces the live store with the copy, atomically for queries, together with the records that the live store received above <paramref name="upTo"/>, and drops the old store. Idempotent.
    /// </summary>
    Task SwapAsync(long upTo, CancellationToken cancellationToken);

    /// <summary>Drops the copy of a replay that was cancelled or has failed.</summary>
    Task DropAsync(CancellationToken cancellationToken);
}

namespace Bxb.Riders.Replay;

/// <summary>A second copy of a consumer's store, built beside the live one from a replay, compared with the log, and put in the live one's place.</summary>
/// <remarks>
/// One replay at a time builds it, on one host at a time; the live store is read and written all the while. Every call may be repeated after a crash. Failures are thrown; those that will pass
/// (see <see cref="EventConsumerOptions.IsTransient"/>) are tried again by the replay.
/// </remarks>
public interface IShadowStore
{
    /// <summary>Begins an empty copy, or goes on with the one that this replay has begun.</summary>
    /// <param name="replay">The replay's number; a copy that another one left is dropped.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The position up to which the copy surely holds everything, whatever was killed since; 0 for an empty one.</returns>
    Task<long> OpenAsync(long replay, CancellationToken cancellationToken);

    /// <summary>Loads a batch; batches come in log order, and one that failed comes again as a repeat, also after a crash.</summary>
    Task LoadAsync(EventBatch batch, CancellationToken cancellationToken);

    /// <summary>Brings what was loaded to disk.</summary>
    /// <returns>The position up to which the copy surely holds everything now.</returns>
    Task<long> CheckpointAsync(CancellationToken cancellationToken);

    /// <summary>Compares the copy with the event log up to a position.</summary>
    /// <returns>Null when they agree, else one sentence that says what differs.</returns>
    Task<string?> VerifyAsync(long upTo, CancellationToken cancellationToken);

    /// <summary>
    /// Puts the copy in the live store's place, in one step for whoever queries, with whatever the live one received beyond <paramref name="upTo"/> meanwhile, and drops the old one. Done
    /// twice it does no harm.
    /// </summary>
    Task SwapAsync(long upTo, CancellationToken cancellationToken);

    /// <summary>Drops the copy: the replay was cancelled or has failed.</summary>
    Task DropAsync(CancellationToken cancellationToken);
}

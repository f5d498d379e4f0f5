namespace Bxb.Analytics.Queries;

/// <summary>A store that aggregates events: ClickHouse or PostgreSQL. Thread-safe.</summary>
internal interface IUsageStore
{
    StoreChoice Name { get; }

    /// <summary>Waits until the store covers a position.</summary>
    /// <returns>False if the store does not cover the position within the timeout.</returns>
    /// <exception cref="StoreAwayException">The store, or the database that stores its progress, does not answer.</exception>
    ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>Answers a query from one snapshot. Returns the complete answer or throws, also when an error occurs after the first row.</summary>
    /// <exception cref="StoreAwayException">The store does not answer, or ended the query.</exception>
    /// <exception cref="Modularity.Errors.ApiException">The answer would be too large.</exception>
    Task<UsageAnswer> QueryAsync(UsageQuery query, CancellationToken cancellationToken);
}

/// <summary>A store could not answer. Another store may.</summary>
/// <param name="message">The reason, for API callers; it names no internals.</param>
/// <param name="innerException">The cause, for the log.</param>
internal sealed class StoreAwayException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Whether the query exceeded its time limit: it would exceed it again.</summary>
    public bool IsLimit { get; init; }

    /// <summary>Whether the whole store does not answer, so that other queries need not try it.</summary>
    public bool IsOutage { get; init; }

    /// <summary>Whether the cause is temporary. If not, the statement or the store is faulty and needs an engineer.</summary>
    public bool IsExpected { get; init; } = true;
}

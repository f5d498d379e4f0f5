namespace Bxb.Analytics.Queries;

/// <summary>A store that holds the events and can aggregate them. Two stand behind it: ClickHouse and PostgreSQL. Thread-safe.</summary>
internal interface IUsageStore
{
    /// <summary>Which one it is.</summary>
    StoreChoice Name { get; }

    /// <summary>Waits until the store covers a position.</summary>
    /// <returns>False when it does not within the time.</returns>
    /// <exception cref="StoreAwayException">The store, or what knows its progress, does not answer.</exception>
    ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>Answers a query from one snapshot. The whole answer is there or none: an error after the first row is an error.</summary>
    /// <exception cref="StoreAwayException">The store does not answer, or gave up.</exception>
    /// <exception cref="Modularity.Errors.ApiException">The answer would be too large.</exception>
    Task<UsageAnswer> QueryAsync(UsageQuery query, CancellationToken cancellationToken);
}

/// <summary>A store could not answer; another one may.</summary>
/// <param name="message">Why, for a caller: without names of the inside.</param>
/// <param name="innerException">The cause, for the log.</param>
internal sealed class StoreAwayException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Whether the query itself took too much time: another try will not help.</summary>
    public bool IsLimit { get; init; }

    /// <summary>Whether the store as a whole does not answer, so that no other query need find that out.</summary>
    public bool IsOutage { get; init; }

    /// <summary>Whether the cause passes by itself. If not, it is a fault of the statement or of the store that an engineer has to look at.</summary>
    public bool IsExpected { get; init; } = true;
}

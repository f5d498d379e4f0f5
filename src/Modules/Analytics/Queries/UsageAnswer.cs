namespace Bxb.Analytics.Queries;

/// <summary>The usage of one window, customer and group.</summary>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive.</param>
/// <param name="Customer">Null if the query neither selects nor groups by customers.</param>
/// <param name="Groups">The texts of the property keys, in the order of the query; null for events without the property.</param>
/// <param name="Value">Null when MAX or LATEST has no input.</param>
/// <param name="Events">Number of events in the value.</param>
internal sealed record UsageRow(DateTimeOffset From, DateTimeOffset To, string? Customer, IReadOnlyList<string?> Groups, Quantity? Value, long Events);

/// <summary>The complete answer to a usage query.</summary>
/// <param name="Query">The query.</param>
/// <param name="Store">The store that answered.</param>
/// <param name="AsOfPosition">All events up to this position are counted; from PostgreSQL no later one.</param>
/// <param name="SkippedEvents">Number of events without a number where the metric needs one.</param>
/// <param name="Rows">Sorted by window, customer and groups, in byte order with null first.</param>
internal sealed record UsageAnswer(UsageQuery Query, StoreChoice Store, long AsOfPosition, long SkippedEvents, IReadOnlyList<UsageRow> Rows);

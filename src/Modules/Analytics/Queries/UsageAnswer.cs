namespace Bxb.Analytics.Queries;

/// <summary>The usage of one window, customer and group.</summary>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive.</param>
/// <param name="Customer">Null when the query names and groups by none.</param>
/// <param name="Groups">The texts of the query's property keys, in its order; null where an event had none.</param>
/// <param name="Value">Null for the maximum, the latest or the different texts of nothing.</param>
/// <param name="Events">Events that count in it.</param>
internal sealed record UsageRow(DateTimeOffset From, DateTimeOffset To, string? Customer, IReadOnlyList<string?> Groups, Quantity? Value, long Events);

/// <summary>The whole answer to a usage query.</summary>
/// <param name="Query">What was asked.</param>
/// <param name="Store">Who answered.</param>
/// <param name="AsOfPosition">At least every event up to this position counts; on PostgreSQL no later one does.</param>
/// <param name="SkippedEvents">Events that had no number where one is needed.</param>
/// <param name="Rows">By window, then customer, then groups, in byte order, what is null before what is not.</param>
internal sealed record UsageAnswer(UsageQuery Query, StoreChoice Store, long AsOfPosition, long SkippedEvents, IReadOnlyList<UsageRow> Rows);

using Bxb.Management.Contracts;

namespace Bxb.Analytics.Queries;

/// <summary>Only events whose property has one of the texts count.</summary>
/// <param name="Path">The property.</param>
/// <param name="Values">Compared byte by byte.</param>
internal sealed record PropertyFilter(UsageProperty Path, IReadOnlyList<string> Values);

/// <summary>What rows are grouped by.</summary>
/// <param name="Text">As it was asked for, and as it stands in the answer.</param>
/// <param name="Path">The property; null for the customer.</param>
internal sealed record GroupKey(string Text, UsageProperty? Path)
{
    /// <summary>The key that means the customer and not a property.</summary>
    public const string Customer = "external_customer_id";
}

/// <summary>A usage query of one organization, valid and complete: what both compilers compile.</summary>
/// <param name="Metric">What is aggregated; its organization is the query's.</param>
/// <param name="Field">The property that is aggregated; null for a count.</param>
/// <param name="From">Inclusive, whole milliseconds.</param>
/// <param name="To">Exclusive, whole milliseconds, not before <paramref name="From"/>; equal: nothing lies in it.</param>
/// <param name="Customers">Only these customers; empty: all.</param>
/// <param name="GroupKeys">At most 5, each once.</param>
/// <param name="Filters">The metric's and the query's: all must hold.</param>
/// <param name="Window">How usage is cut along event time.</param>
/// <param name="Zone">Whose wall time the windows follow.</param>
internal sealed record UsageQuery(
    BillableMetric Metric, UsageProperty? Field, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<string> Customers, IReadOnlyList<GroupKey> GroupKeys,
    IReadOnlyList<PropertyFilter> Filters, UsageWindow Window, TimeZoneInfo Zone)
{
    /// <summary>No event is older; the stores' time columns begin somewhere, and this is in all of them.</summary>
    private static readonly DateTimeOffset Earliest = DateTimeOffset.UnixEpoch;

    /// <summary>No event is younger: events lie at most a day ahead of the clock, and the stores' time columns end after this.</summary>
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Whether each customer has rows of its own: when grouped by, and when several were asked for, since a row names its customer.</summary>
    public bool ByCustomer => Customers.Count > 1 || GroupKeys.Any(k => k.Path is null);

    /// <summary>The properties that rows are grouped by, in the query's order.</summary>
    public IEnumerable<GroupKey> PropertyKeys => GroupKeys.Where(k => k.Path is not null);

    /// <summary>Whether there is exactly one row, with or without events.</summary>
    public bool IsOneRow => Window == UsageWindow.Total && !ByCustomer && GroupKeys.Count == 0;

    /// <summary><see cref="From"/> in milliseconds since the Unix epoch, within what stores can hold.</summary>
    public long FromMilliseconds => Clamp(From).ToUnixTimeMilliseconds();

    /// <summary><see cref="To"/> in milliseconds since the Unix epoch, within what stores can hold.</summary>
    public long ToMilliseconds => Clamp(To).ToUnixTimeMilliseconds();

    private static DateTimeOffset Clamp(DateTimeOffset time) => time < Earliest ? Earliest : time > Latest ? Latest : time;
}

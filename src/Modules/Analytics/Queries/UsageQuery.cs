using Bxb.Management.Contracts;
using Bxb.Management.Contracts.Expressions;
using NodaTime;

namespace Bxb.Analytics.Queries;

/// <summary>Selects the events whose property has one of several texts.</summary>
/// <param name="Path">The property.</param>
/// <param name="Values">Compared byte by byte.</param>
internal sealed record PropertyFilter(UsageProperty Path, IReadOnlyList<string> Values);

/// <summary>A key that rows are grouped by.</summary>
/// <param name="Text">The key as in the request and in the answer.</param>
/// <param name="Path">The property; null for the customer.</param>
internal sealed record GroupKey(string Text, UsageProperty? Path)
{
    /// <summary>The text of the key that means the customer instead of a property.</summary>
    public const string Customer = "external_customer_id";
}

/// <summary>A valid usage query of one organization, the input of both compilers.</summary>
/// <param name="Metric">The metric; its organization is that of the query.</param>
/// <param name="Field">The aggregated property; null for a count and for an expression.</param>
/// <param name="Expression">The expression that is summed; null but for a custom metric.</param>
/// <param name="From">Inclusive, whole milliseconds.</param>
/// <param name="To">Exclusive, whole milliseconds, not before <paramref name="From"/>; if equal, the range is empty.</param>
/// <param name="Customers">The customers; empty for all.</param>
/// <param name="GroupKeys">At most 5, without duplicates.</param>
/// <param name="Filters">The filters of the metric and of the request; all must match.</param>
/// <param name="Window">The length of a window of event time.</param>
/// <param name="Zone">The time zone of the windows.</param>
/// <param name="FillsWindows">Whether windows without events have rows.</param>
internal sealed record UsageQuery(
    BillableMetric Metric, UsageProperty? Field, Expression? Expression, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<string> Customers, IReadOnlyList<GroupKey> GroupKeys,
    IReadOnlyList<PropertyFilter> Filters, UsageWindow Window, DateTimeZone Zone, bool FillsWindows)
{
    /// <summary>No event is older, and the time columns of both stores can hold it.</summary>
    private static readonly DateTimeOffset Earliest = DateTimeOffset.UnixEpoch;

    /// <summary>No event is later, because events are at most a day ahead of the clock, and the time columns of both stores can hold it.</summary>
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Whether each customer has its own rows: when grouped by customer, and when several customers are requested.</summary>
    public bool ByCustomer => Customers.Count > 1 || GroupKeys.Any(k => k.Path is null);

    /// <summary>The group keys that are properties, in their order.</summary>
    public IEnumerable<GroupKey> PropertyKeys => GroupKeys.Where(k => k.Path is not null);

    /// <summary>The customers that have rows even without events, when no key groups the rows: those that were requested. One null stands for all customers together.</summary>
    public IReadOnlyList<string?> ExpectedCustomers => GroupKeys.Count > 0 ? [] : Customers.Count > 0 ? Customers : (IReadOnlyList<string?>)[null];

    /// <summary>Whether the value of a window depends on events of earlier windows. <see cref="UsageCarry"/> adds these up.</summary>
    public bool Carries => Metric.Recurring || Metric.AggregationType == AggregationType.WeightedSum;

    /// <summary><see cref="From"/> in milliseconds since the Unix epoch, limited to what the stores can hold.</summary>
    public long FromMilliseconds => Clamp(From).ToUnixTimeMilliseconds();

    /// <summary><see cref="To"/> in milliseconds since the Unix epoch, limited to what the stores can hold.</summary>
    public long ToMilliseconds => Clamp(To).ToUnixTimeMilliseconds();

    private static DateTimeOffset Clamp(DateTimeOffset time) => time < Earliest ? Earliest : time > Latest ? Latest : time;
}

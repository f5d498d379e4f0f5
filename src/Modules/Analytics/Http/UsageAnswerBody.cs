namespace Bxb.Analytics.Http;

/// <summary>A row of a usage answer, for the API description. <see cref="UsageAnswerWriter"/> writes it.</summary>
/// <param name="From">Inclusive: the start of the window or of the query, the later of both.</param>
/// <param name="To">Exclusive: the end of the window or of the query, the earlier of both.</param>
/// <param name="ExternalCustomerId">Present if the query filters or groups by customer.</param>
/// <param name="Group">The text of each property key of group_by; null for events without the property.</param>
/// <param name="Value">Plain decimal; null when MAX, LATEST or UNIQUE_COUNT has no input.</param>
/// <param name="Events">Number of events in the value.</param>
internal sealed record UsageRowBody(DateTimeOffset From, DateTimeOffset To, string? ExternalCustomerId, IReadOnlyDictionary<string, string?> Group, string? Value, long Events);

/// <summary>A usage answer, for the API description. <see cref="UsageAnswerWriter"/> writes it.</summary>
/// <param name="Metric">The code of the metric.</param>
/// <param name="AggregationType">The aggregation of the metric.</param>
/// <param name="From">The start of the query, inclusive.</param>
/// <param name="To">The end of the query, exclusive.</param>
/// <param name="Window">total, minute, 5m, 15m, hour, day, week or month.</param>
/// <param name="Timezone">The time zone of the windows.</param>
/// <param name="Store">clickhouse or postgresql.</param>
/// <param name="AsOfPosition">All events up to this position are counted. From postgresql no later event is; from clickhouse events loaded during the query can be.</param>
/// <param name="Exact">Always true.</param>
/// <param name="SkippedEvents">Number of events without a number where the metric needs one.</param>
/// <param name="Rows">Sorted by window, customer and groups, in byte order with null first.</param>
internal sealed record UsageAnswerBody(
    string Metric, string AggregationType, DateTimeOffset From, DateTimeOffset To, string Window, string Timezone, string Store, long AsOfPosition, bool Exact, long SkippedEvents,
    IReadOnlyList<UsageRowBody> Rows);

namespace Bxb.Analytics.Http;

/// <summary>A row of a usage answer, for the API description; <see cref="UsageAnswerWriter"/> writes it.</summary>
/// <param name="From">Inclusive: the window's beginning, or the query's where that is later.</param>
/// <param name="To">Exclusive: the window's end, or the query's where that is earlier.</param>
/// <param name="ExternalCustomerId">Only when the query filters or groups by it.</param>
/// <param name="Group">The texts of the property keys that the query groups by; null where events had none.</param>
/// <param name="Value">Plain decimal; null for the maximum, the latest or the different texts of nothing.</param>
/// <param name="Events">The events in the value.</param>
internal sealed record UsageRowBody(DateTimeOffset From, DateTimeOffset To, string? ExternalCustomerId, IReadOnlyDictionary<string, string?> Group, string? Value, long Events);

/// <summary>A usage answer, for the API description; <see cref="UsageAnswerWriter"/> writes it.</summary>
/// <param name="Metric">The code of the metric.</param>
/// <param name="AggregationType">How the metric aggregates.</param>
/// <param name="From">The query's beginning.</param>
/// <param name="To">The query's end.</param>
/// <param name="Window">total, minute, hour, day or month.</param>
/// <param name="Timezone">Whose wall time the windows follow.</param>
/// <param name="Store">clickhouse or postgresql.</param>
/// <param name="AsOfPosition">At least every event up to this position counts. With store postgresql no later one does; with clickhouse events that were loaded while the query ran may.</param>
/// <param name="Exact">Always true.</param>
/// <param name="SkippedEvents">Events that had no number where one is needed.</param>
/// <param name="Rows">By window, then customer, then groups, in byte order, null first.</param>
internal sealed record UsageAnswerBody(
    string Metric, string AggregationType, DateTimeOffset From, DateTimeOffset To, string Window, string Timezone, string Store, long AsOfPosition, bool Exact, long SkippedEvents,
    IReadOnlyList<UsageRowBody> Rows);

using static Bxb.Analytics.Tests.Cases.UsageCase;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>Weighted sums, and recurring metrics, to which events before the query count.</summary>
internal static class CarryCases
{
    private const string TwoDays = "from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00Z";

    private static readonly CaseEvent[] Level =
    [
        new("a", "2025-12-01T00:00:00Z", """{"v": 100, "k": "x"}"""), new("a", "2026-01-01T12:00:00Z", """{"v": 10, "k": "x"}"""), new("a", "2026-01-02T18:00:00Z", """{"v": -4, "k": "x"}"""),
        new("a", "2026-01-03T00:00:00Z", """{"v": 1000, "k": "x"}"""),
    ];

    private static readonly CaseEvent[] Seats =
    [
        new("a", "2025-11-01T00:00:00Z", """{"u": "ann", "v": 5}"""), new("a", "2025-12-31T23:59:59.999Z", """{"u": "bob", "v": 6}"""), new("b", "2026-01-01T06:00:00Z", """{"u": "ann", "v": 7}"""),
        new("a", "2026-01-02T06:00:00Z", """{"u": "eve", "v": 8}"""), new("a", "2026-01-02T05:00:00Z", """{"u": "ann", "v": 9}"""), new("b", "2026-01-02T00:00:00Z", """{"u": null}"""),
    ];

    public static IEnumerable<UsageCase> All =>
    [
        // (10 * 36 h - 4 * 6 h) / 48 h
        new("weighted_sum begins at 0", Weighted("v"), TwoDays, Level, ["7 x2"]),
        // 100 + 7
        new("weighted_sum, recurring, begins at the sum of all earlier events", Recurring(Weighted("v")), TwoDays, Level, ["107 x3"]),
        // First day: 10 * 12 h / 24 h. Second: 10 - 4 * 6 h / 24 h.
        new("the level carries over from window to window", Weighted("v"), TwoDays + "&window=day", Level, ["2026-01-01T00:00:00Z>2026-01-02T00:00:00Z 5 x1", "2026-01-02T00:00:00Z>2026-01-03T00:00:00Z 9 x2"]),
        new("the level carries over windows without events", Weighted("v"), "from=2026-01-01T00:00:00Z&to=2026-01-02T18:00:00Z&window=day", Level, ["2026-01-01T00:00:00Z>2026-01-02T00:00:00Z 5 x1", "2026-01-02T00:00:00Z>2026-01-02T18:00:00Z 10 x1"]),
        new("a recurring level by window", Recurring(Weighted("v")), TwoDays + "&window=day", Level, ["2026-01-01T00:00:00Z>2026-01-02T00:00:00Z 105 x2", "2026-01-02T00:00:00Z>2026-01-03T00:00:00Z 109 x3"]),
        new("a recurring level without events in the query", Recurring(Weighted("v")), "from=2025-12-30T00:00:00Z&to=2026-01-01T00:00:00Z&window=day", Level, ["2025-12-30T00:00:00Z>2025-12-31T00:00:00Z 100 x1", "2025-12-31T00:00:00Z>2026-01-01T00:00:00Z 100 x1"]),
        new("windows before the first event have no row", Weighted("v"), "from=2025-11-30T00:00:00Z&to=2025-12-02T00:00:00Z&window=day", Level, ["2025-12-01T00:00:00Z>2025-12-02T00:00:00Z 100 x1"]),
        // 7 for one millisecond of three: 2.33...
        new("weighted_sum to the millisecond", Weighted("v"), "from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00.003Z", [new("a", "2026-01-01T00:00:00.002Z", """{"v": 7}""")], ["2.333333333333333333 x1"]),
        // 1 for 23 of 23 hours, then 1 + 1 for half of 24.
        new("weighted_sum over a day of 23 hours", Weighted("v"), "from=2026-03-28T23:00:00Z&to=2026-03-30T22:00:00Z&window=day&timezone=Europe/Berlin", [new("a", "2026-03-28T23:00:00Z", """{"v": 1}"""), new("a", "2026-03-30T10:00:00Z", """{"v": 1}""")],
            ["2026-03-28T23:00:00Z>2026-03-29T22:00:00Z 1 x1", "2026-03-29T22:00:00Z>2026-03-30T22:00:00Z 1.5 x2"]),
        new("weighted_sum of large numbers", Weighted("v"), "from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00.002Z", [new("a", "2026-01-01T00:00:00Z", """{"v": 99999999999999999999}"""), new("a", "2026-01-01T00:00:00.001Z", """{"v": 99999999999999999999}""")], ["149999999999999999998.5 x2"]),
        new("weighted_sum by group, each with its own level", Weighted("v"), TwoDays + "&window=day&group_by=k", [.. Level, new("a", "2026-01-02T12:00:00Z", """{"v": 2, "k": "y"}""")],
            ["2026-01-01T00:00:00Z>2026-01-02T00:00:00Z [x] 5 x1", "2026-01-02T00:00:00Z>2026-01-03T00:00:00Z [x] 9 x2", "2026-01-02T00:00:00Z>2026-01-03T00:00:00Z [y] 1 x1"]),
        new("weighted_sum passes over events without a number", Weighted("v"), TwoDays, [.. Level, new("a", "2026-01-01T12:00:00Z", """{"v": "ten"}""")], ["7 x2"], Skipped: 1),
        new("weighted_sum of nothing", Weighted("v"), TwoDays, [], ["null x0"]),
        new("weighted_sum of a period without length", Recurring(Weighted("v")), "from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z", Level, ["null x2"]),
        new("weighted_sum of filled windows", Weighted("v"), "from=2025-11-30T00:00:00Z&to=2025-12-02T00:00:00Z&window=day&fill=zero", Level, ["2025-11-30T00:00:00Z>2025-12-01T00:00:00Z null x0", "2025-12-01T00:00:00Z>2025-12-02T00:00:00Z 100 x1"]),
        new("a recurring metric has no window in an empty period", Recurring(Unique("u")), "from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z&window=day", Seats, []),
        new("unique_count, recurring", Recurring(Unique("u")), TwoDays, Seats, ["3 x6"]),
        new("unique_count, not recurring", Unique("u"), TwoDays, Seats, ["2 x4"]),
        new("unique_count, recurring, by window", Recurring(Unique("u")), TwoDays + "&window=day", Seats, ["2026-01-01T00:00:00Z>2026-01-02T00:00:00Z 2 x3", "2026-01-02T00:00:00Z>2026-01-03T00:00:00Z 3 x6"]),
        new("unique_count, recurring, by window and customer", Recurring(Unique("u")), TwoDays + "&window=day&group_by=external_customer_id", Seats,
            ["2026-01-01T00:00:00Z>2026-01-02T00:00:00Z a 2 x2", "2026-01-01T00:00:00Z>2026-01-02T00:00:00Z b 1 x1", "2026-01-02T00:00:00Z>2026-01-03T00:00:00Z a 3 x4", "2026-01-02T00:00:00Z>2026-01-03T00:00:00Z b 1 x2"]),
        new("latest, recurring, of a period without events", Recurring(Latest("v")), "from=2026-02-01T00:00:00Z&to=2026-02-02T00:00:00Z", Seats, ["8 x5"], Skipped: 1),
        new("latest, recurring, by window", Recurring(Latest("v")), "from=2025-12-31T00:00:00Z&to=2026-01-04T00:00:00Z&window=day", Seats,
            ["2025-12-31T00:00:00Z>2026-01-01T00:00:00Z 6 x2", "2026-01-01T00:00:00Z>2026-01-02T00:00:00Z 7 x3", "2026-01-02T00:00:00Z>2026-01-03T00:00:00Z 8 x5", "2026-01-03T00:00:00Z>2026-01-04T00:00:00Z 8 x5"], Skipped: 1),
        new("latest, recurring, of events before the query by their own times", Recurring(Latest("v")), "from=2026-01-02T05:30:00Z&to=2026-01-02T05:45:00Z&external_customer_id=a", Seats, ["a 9 x3"]),
        new("recurring before the first event", Recurring(Latest("v")), "from=2025-01-01T00:00:00Z&to=2025-02-01T00:00:00Z", Seats, ["null x0"]),
    ];
}

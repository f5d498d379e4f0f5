using Bxb.Management.Contracts;
using static Bxb.Analytics.Tests.Cases.UsageCase;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>Aggregations over events in any order.</summary>
internal static class AggregationCases
{
    private static readonly CaseEvent[] Three =
    [
        new("a", "2026-01-10T00:00:00Z", """{"v": 3, "u": "x"}"""), new("b", "2026-01-05T00:00:00Z", """{"v": -7.5, "u": "y"}"""), new("a", "2026-01-20T00:00:00Z", """{"v": 1, "u": "x"}"""),
    ];

    public static IEnumerable<UsageCase> All =>
    [
        new("count", Count(), January, Three, ["3 x3"]),
        new("sum with negatives", Sum("v"), January, Three, ["-3.5 x3"]),
        new("max", Max("v"), January, Three, ["3 x3"]),
        new("unique_count", Unique("u"), January, Three, ["2 x3"]),
        new("latest is by event time, not by arrival", Latest("v"), January, [.. Three, new("a", "2026-01-15T00:00:00Z", """{"v": 99}""")], ["1 x4"]),
        new("min", Min("v"), January, Three, ["-7.5 x3"]),
        new("min of nothing", Min("v"), January, [], ["null x0"]),
        new("min passes over events without a number", Min("v"), January, [.. Three, new("a", "2026-01-15T00:00:00Z", """{"v": "-99 "}""")], ["-7.5 x3"], Skipped: 1),
        new("avg", Avg("v"), January, Three, ["-1.166666666666666667 x3"]),
        new("avg is rounded half away from zero", Avg("v"), January, Values("0.000000000000000001", "0"), ["0.000000000000000001 x2"]),
        new("avg of negatives is rounded half away from zero", Avg("v"), January, Values("-0.000000000000000001", "0"), ["-0.000000000000000001 x2"]),
        new("avg of a third", Avg("v"), January, Values("1", "0", "0"), ["0.333333333333333333 x3"]),
        new("avg of large numbers", Avg("v"), January, Values("99999999999999999999", "99999999999999999999", "99999999999999999998"), ["99999999999999999998.666666666666666667 x3"]),
        new("avg is of the events that have a number", Avg("v"), January, [.. Three, new("b", "2026-01-05T00:00:00Z", """{"v": null}""")], ["-1.166666666666666667 x3"], Skipped: 1),
        new("avg of nothing", Avg("v"), January, [], ["null x0"]),
        new("avg by customer, rounded", Avg("v") with { RoundingFunction = RoundingFunction.Ceil, RoundingPrecision = 1 }, January + "&group_by=external_customer_id", Three, ["a 2 x2", "b -7.5 x1"]),
        new("percentile between two ranks", Percentile("v", 0.95m), January, Values("10", "20", "30", "40"), ["38.5 x4"]),
        new("percentile of the order, not of the arrival", Percentile("v", 0.25m), January, Values("40", "10", "30", "20"), ["17.5 x4"]),
        new("percentile 0 is the least", Percentile("v", 0m), January, Three, ["-7.5 x3"]),
        new("percentile 1 is the greatest", Percentile("v", 1m), January, Three, ["3 x3"]),
        new("percentile of one number", Percentile("v", 0.99m), January, Values("7"), ["7 x1"]),
        new("the median of negatives", Percentile("v", 0.5m), January, Values("-1", "-2"), ["-1.5 x2"]),
        new("percentile with 18 digits", Percentile("v", 0.000000000000000001m), January, Values("0", "99999999999999999999"), ["99.999999999999999999 x2"]),
        new("percentile is rounded half away from zero", Percentile("v", 0.5m), January, Values("0", "-0.000000000000000001"), ["-0.000000000000000001 x2"]),
        new("percentile of nothing", Percentile("v", 0.5m), January, [], ["null x0"]),
        new("percentile passes over events without a number", Percentile("v", 0.5m), January, Values("1", "\"x\"", "3"), ["2 x2"], Skipped: 1),
        new("percentile by group", Percentile("v", 0.5m), January + "&group_by=u", Three, ["[x] 2 x2", "[y] -7.5 x1"]),
        new("count of nothing", Count(), January, [], ["0 x0"]),
        new("sum of nothing", Sum("v"), January, [], ["0 x0"]),
        new("max of nothing", Max("v"), January, [], ["null x0"]),
        new("unique_count of nothing", Unique("v"), January, [], ["0 x0"]),
        new("latest of nothing", Latest("v"), January, [], ["null x0"]),
        new("nothing by group has no rows", Sum("v"), January + "&group_by=u", [], []),
        new("each customer that was asked for has a row", Sum("v"), January + "&external_customer_id=a&external_customer_id=z&external_customer_id=c", Three, ["a 4 x2", "c 0 x0", "z 0 x0"]),
        new("a customer without events has no value where nothing has none", Max("v"), January + "&external_customer_id=a&external_customer_id=z", Three, ["a 3 x2", "z null x0"]),
        new("a customer that was asked for and has no events has no row where rows are grouped", Sum("v"), January + "&external_customer_id=a&external_customer_id=z&group_by=external_customer_id", Three, ["a 4 x2"]),
        new("nothing by window has no rows", Sum("v"), January + "&window=day", [], []),
        new("max of negatives", Max("v"), January, [new("a", "2026-01-02T00:00:00Z", """{"v": -2}"""), new("a", "2026-01-03T00:00:00Z", """{"v": -1.5}""")], ["-1.5 x2"]),
        new("a duplicate counts once", Sum("v"), January,
            [new("a", "2026-01-02T00:00:00Z", """{"v": 5}""", "t-1"), new("a", "2026-01-02T00:00:00Z", """{"v": 5.0e0}""", "t-1"), new("a", "2026-01-03T00:00:00Z", """{"v": 1}""", "t-2")], ["6 x2"]),
        new("a conflict changes nothing", Sum("v"), January,
            [new("a", "2026-01-02T00:00:00Z", """{"v": 5}""", "t-1"), new("b", "2026-01-02T00:00:00Z", """{"v": 500}""", "t-1")], ["5 x1"]),
        new("latest of a tie is the greater position", Latest("v"), January,
            [new("a", "2026-01-09T00:00:00Z", """{"v": 1}"""), new("b", "2026-01-09T00:00:00Z", """{"v": 3}"""), new("a", "2026-01-09T00:00:00Z", """{"v": 2}"""), new("a", "2026-01-01T00:00:00Z", """{"v": 9}""")], ["2 x4"]),
        new("latest passes over events without a number", Latest("v"), January,
            [new("a", "2026-01-01T00:00:00Z", """{"v": 4}"""), new("a", "2026-01-09T00:00:00Z", """{"v": "n/a"}"""), new("a", "2026-01-10T00:00:00Z")], ["4 x1"], Skipped: 2),
        new("latest by customer", Latest("v"), January + "&group_by=external_customer_id",
            [new("b", "2026-01-03T00:00:00Z", """{"v": 1}"""), new("a", "2026-01-02T00:00:00Z", """{"v": 7}"""), new("a", "2026-01-01T00:00:00Z", """{"v": 8}"""), new("c", "2026-01-01T00:00:00Z")],
            ["a 7 x2", "b 1 x1"], Skipped: 1),
        new("a group of skipped events only has no row", Sum("v"), January + "&group_by=u",
            [new("a", "2026-01-01T00:00:00Z", """{"u": "x"}"""), new("a", "2026-01-01T00:00:00Z", """{"u": "y", "v": 1}""")], ["[y] 1 x1"], Skipped: 1),
        new("nothing but skipped events is nothing", Sum("v"), January, [new("a", "2026-01-01T00:00:00Z")], ["0 x0"], Skipped: 1),
        new("max of nothing but skipped events is null", Max("v"), January, [new("a", "2026-01-01T00:00:00Z", """{"v": []}""")], ["null x0"], Skipped: 1),
        new("unique_count counts an event without a text as an event", Unique("u"), January,
            [new("a", "2026-01-01T00:00:00Z"), new("a", "2026-01-01T00:00:00Z", """{"u": null}"""), new("a", "2026-01-01T00:00:00Z", """{"u": {}}"""), new("a", "2026-01-01T00:00:00Z", """{"u": ""}""")], ["1 x4"]),
        new("unique_count of events without a text is 0", Unique("u"), January, [new("a", "2026-01-01T00:00:00Z")], ["0 x1"]),
        new("another code is another metric's", Count(), January, [new("a", "2026-01-01T00:00:00Z", Code: "other"), new("a", "2026-01-01T00:00:00Z", Code: "Calls"), new("a", "2026-01-01T00:00:00Z")], ["1 x1"]),
        new("round half away from zero", Rounded(RoundingFunction.Round, 1), January, Values("0.25", "0", "0"), ["0.3 x3"]),
        new("round negatives half away from zero", Rounded(RoundingFunction.Round, 1), January, Values("-0.25"), ["-0.3 x1"]),
        new("round once, at the end", Rounded(RoundingFunction.Round, 0), January, Values("0.4", "0.4", "0.4"), ["1 x3"]),
        new("round is to whole numbers unless it says", Rounded(RoundingFunction.Round, null), January, Values("2.5"), ["3 x1"]),
        new("ceil", Rounded(RoundingFunction.Ceil, 0), January, Values("2.000000000000000001"), ["3 x1"]),
        new("ceil of negatives", Rounded(RoundingFunction.Ceil, 0), January, Values("-2.9"), ["-2 x1"]),
        new("floor of negatives", Rounded(RoundingFunction.Floor, 0), January, Values("-2.1"), ["-3 x1"]),
        new("round to hundreds", Rounded(RoundingFunction.Round, -2), January, Values("150"), ["200 x1"]),
        new("rounded to nothing is 0, not -0", Rounded(RoundingFunction.Ceil, 0), January, Values("-0.9"), ["0 x1"]),
    ];

    private static BillableMetric Rounded(RoundingFunction function, int? precision) => Sum("v") with { RoundingFunction = function, RoundingPrecision = precision };

    private static CaseEvent[] Values(params string[] values) => [.. values.Select(v => new CaseEvent("a", "2026-01-02T00:00:00Z", $$"""{"v": {{v}}}"""))];
}

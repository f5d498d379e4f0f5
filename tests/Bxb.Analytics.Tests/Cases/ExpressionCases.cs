using static Bxb.Analytics.Tests.Cases.UsageCase;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>Sums of expressions.</summary>
internal static class ExpressionCases
{
    private const string Properties = """{"a": 7, "b": 2, "n": -1.25, "zero": 0, "text": "x", "big": 99999999999999999999, "tiny": "1e-18", "o": {"p": 3}, "gb out": 4, "q\"q": 5, "max": 6}""";

    public static IEnumerable<UsageCase> All =>
    [
        Of("1 + 2 * 3 - 4 / 8", "6.5"),
        Of("(1 + 2) * -3", "-9"),
        Of("a - b - 1", "4"),
        Of("a / b / 2", "1.75"),
        Of("--a", "7"),
        Of("-a * b", "-14"),
        Of("o.p * \"gb out\" + \"q\"\"q\"", "17"),
        Of("a / 3", "2.333333333333333333"),
        Of("-2 / 3", "-0.666666666666666667"),
        Of("tiny / 2", "0.000000000000000001"),
        Of("-tiny / 2", "-0.000000000000000001"),
        Of("tiny * 0.4", "0"),
        Of("tiny * 0.5", "0.000000000000000001"),
        Of("big / 3 * 3", "99999999999999999999"),
        Of("1 / big", "0"),
        Of("big - tiny", "99999999999999999998.999999999999999999"),
        Of("min(a, b, n)", "-1.25"),
        Of("max(a, b, n)", "7"),
        Of("max(0, n) + max", "6"),
        Of("abs(n)", "1.25"),
        Of("round(n, 1) + round(n)", "-2.3"),
        Of("ceil(n, 1) + ceil(n)", "-2.2"),
        Of("floor(n, 1) + floor(n)", "-3.3"),
        Of("ceil(-n, 1) + floor(-n, 1)", "2.5"),
        Of("round(0.123456789012345678, 17)", "0.12345678901234568"),
        Of("coalesce(missing, text, b)", "2"),
        Of("coalesce(1 / zero, 9)", "9"),
        Of("coalesce(big * 10, 1)", "1"),
        Of("coalesce(big + 1, 1)", "1"),
        Of("coalesce(big + 1 - 2, 1)", "1"),
        Of("coalesce(-big - 1, 1)", "1"),
        Of("coalesce(big / tiny, 1)", "1"),
        Of("if(a > b, 10, 20) + if(a < b, 1, 2)", "12"),
        Of("if(a >= 7, 1, 0) + if(a <= 7, 1, 0) + if(a = 7, 1, 0) + if(a != 7, 1, 0)", "3"),
        Of("if(a > b, 1, 1 / zero)", "1"),
        Of("if(a > b, if(zero = 0, 5, 6), 7)", "5"),
        Of("coalesce(if(missing > 1, 1, 2), 3)", "3"),
        Of("coalesce(min(a, missing), 3) + coalesce(max(text, a), 4)", "7"),
        Skipping("a / zero"),
        Skipping("a + missing"),
        Skipping("text"),
        Skipping("if(missing = 1, a, b)"),
        Skipping("min(a, missing)"),
        Skipping("big * big"),
        new("an expression is summed over the events that it has a value for", Custom("v * 2"), January + "&group_by=external_customer_id",
            [new("a", "2026-01-02T00:00:00Z", """{"v": 1.5}"""), new("a", "2026-01-03T00:00:00Z", """{"v": "2"}"""), new("b", "2026-01-03T00:00:00Z", """{"v": 3}"""), new("b", "2026-01-03T00:00:00Z")],
            ["a 7 x2", "b 6 x1"], Skipped: 1),
        new("an expression of nothing", Custom("v"), January, [], ["0 x0"]),
        new("an expression with 7 levels", Custom(string.Concat(Enumerable.Repeat("if(max(v, 0) * 1 > abs(v - 1), v + ", 7)) + "v" + string.Concat(Enumerable.Repeat(", 0)", 7))), January, [new("a", "2026-01-02T00:00:00Z", """{"v": 3}""")], ["24 x1"]),
        new("a long expression", Custom(string.Join(" + ", Enumerable.Repeat("v", 50))), January, [new("a", "2026-01-02T00:00:00Z", """{"v": 3}""")], ["150 x1"]),
        new("the deepest expression", Custom(string.Concat(Enumerable.Repeat("round(", 32)) + "v" + string.Concat(Enumerable.Repeat(", 18)", 32)) + string.Concat(Enumerable.Repeat(" + v", 33))), January,
            [new("a", "2026-01-02T00:00:00Z", """{"v": 3}""")], ["102 x1"]),
    ];

    private static UsageCase Of(string expression, string value) => new("= " + expression, Custom(expression), January, [new("a", "2026-01-02T00:00:00Z", Properties)], [value + " x1"]);

    private static UsageCase Skipping(string expression) => new("skips " + expression, Custom(expression), January, [new("a", "2026-01-02T00:00:00Z", Properties)], ["0 x0"], Skipped: 1);
}

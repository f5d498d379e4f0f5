using System.Text.Json;
using Bxb.Management.Contracts;
using static Bxb.Analytics.Tests.Cases.UsageCase;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>The text of a property for filters, groups and unique counts; paths and hostile names.</summary>
internal static class TextCases
{
    private static readonly CaseEvent[] Alike =
    [
        P("\"Eu\""), P("\"eu\""), P("\"EU\""), P("\"eu \""), P("\" eu\""), P("\"\\u00e9\""), P("\"e\\u0301\""), P("\"\""), P("\"eu\""), P("\"x\""), P("\"ß\""), P("\"ss\""),
    ];

    /// <summary>Names with special characters of both SQL dialects.</summary>
    public static readonly string[] HostileNames =
    [
        "^", "^a", "^`a`", ":", ":String", ":`String`", ".:String", "a.:`String`", "a[]", "[]", "[", "]", "`", "``", "a`b", "\\", "a\\", "\\n", "\n", "\t", "a b", " ", "\"", "'", "%", "%2E", "%25", "%60", ".", "..", "a.b", "é", "e\u0301", "😀", "null", "NULL",
        "Array(JSON)", ":`Array(JSON)`", "@", "size0", "\u0001", "\u007f", "-", "--", "/*", "*/", "{x:String}", "$1", "$$", "?", "*", "properties", "timestamp", "t", "n", "w", "0", "-1", "1e3", "\ufeff", "\u202e", ":Int64", ":`Int64`", "a;b", ";", "'; drop table usage; --",
        "\U0010ffff", "\uffff", "A", "a", "external_customer_id", "organization_id",
    ];

    public static IEnumerable<UsageCase> All =>
    [
        new("texts are compared byte by byte", Count(), January + "&group_by=k", Alike,
            ["[] 1 x1", "[ eu] 1 x1", "[EU] 1 x1", "[Eu] 1 x1", "[eu] 2 x2", "[eu ] 1 x1", "[e\u0301] 1 x1", "[ss] 1 x1", "[x] 1 x1", "[ß] 1 x1", "[é] 1 x1"]),
        new("different texts are counted byte by byte", Unique("k"), January, Alike, ["11 x12"]),
        new("a filter takes the exact text", Count(), January + "&filter[k]=eu", Alike, ["2 x2"]),
        new("a filter takes any of its texts", Count(), January + "&filter[k]=eu&filter[k]=EU&filter[k]=nowhere", Alike, ["3 x3"]),
        new("a filter takes the empty text, not a missing one", Count(), January + "&filter[k]=", [P("\"\""), P("null"), new("a", "2026-01-02T00:00:00Z")], ["1 x1"]),
        new("filters must all hold", Count(), January + "&filter[k]=1&filter[l]=2",
            [new("a", "2026-01-02T00:00:00Z", """{"k": 1, "l": 2}"""), new("a", "2026-01-02T00:00:00Z", """{"k": 1, "l": 3}"""), new("a", "2026-01-02T00:00:00Z", """{"l": 2}""")], ["1 x1"]),
        new("the metric's filters hold too", Count(new MetricFilter("k", ["1", "2"])), January + "&filter[k]=2&filter[k]=3", [P("1"), P("2"), P("3")], ["1 x1"]),
        new("numbers as texts", Count(), January + "&group_by=k", [P("1e2"), P("100"), P("\"100\""), P("1.50"), P("1.5"), P("-0"), P("0.0"), P("\"1e2\"")],
            ["[0] 1 x1", "[0.0] 1 x1", "[1.5] 1 x1", "[1.50] 1 x1", "[100] 3 x3", "[1e2] 1 x1"]),
        new("long numbers as texts", Unique("k"), January, [P("12345678901234567890.123456789012345678901"), P("12345678901234567890.123456789012345678902"), P("12345678901234567890.1234567890123456789010")], ["3 x3"]),
        new("booleans and arrays as texts", Count(), January + "&group_by=k",
            [P("true"), P("false"), P("\"true\""), P("[1,2]"), P("[1, 2]"), P("[1.0,\"a\",null,{\"y\":1,\"x\":[]}]"), P("[]"), P("\"[1, 2]\""), P("[\"\\u00e9\\n\\\"\"]")],
            ["[[\"é\\n\\\"\"]] 1 x1", "[[1, 2]] 3 x3", "[[1.0, \"a\", null, {\"x\": [], \"y\": 1}]] 1 x1", "[[]] 1 x1", "[false] 1 x1", "[true] 2 x2"]),
        new("null, missing and objects are no text", Count(), January + "&group_by=k", [P("null"), P("{}"), P("{\"x\": 1}"), new("a", "2026-01-02T00:00:00Z", "{}"), P("\"null\"")], ["[∅] 4 x4", "[null] 1 x1"]),
        new("null comes first", Count(), January + "&group_by=k,l",
            [new("a", "2026-01-02T00:00:00Z", """{"k": "b"}"""), new("a", "2026-01-02T00:00:00Z", """{"k": "b", "l": "z"}"""), new("a", "2026-01-02T00:00:00Z", """{"l": "z"}"""), new("a", "2026-01-02T00:00:00Z", """{"k": "a", "l": "😀"}"""), new("a", "2026-01-02T00:00:00Z", "{\"k\": \"a\", \"l\": \"\uffee\"}")],
            ["[∅|z] 1 x1", "[a|\uffee] 1 x1", "[a|😀] 1 x1", "[b|∅] 1 x1", "[b|z] 1 x1"]),
        new("a path goes through objects only", Count(), January + "&group_by=a.0,a.b",
            [new("a", "2026-01-02T00:00:00Z", """{"a": ["x"]}"""), new("a", "2026-01-02T00:00:00Z", """{"a": {"0": "y"}}"""), new("a", "2026-01-02T00:00:00Z", """{"a": "b"}"""), new("a", "2026-01-02T00:00:00Z", """{"a": {"b": {"c": 1}}}"""), new("a", "2026-01-02T00:00:00Z", """{"a.b": "no"}""")],
            ["[∅|∅] 4 x4", "[y|∅] 1 x1"]),
        new("deep paths", Sum("a.b.c.d.e.f"), January + "&group_by=a.b.c.d.g", [new("a", "2026-01-02T00:00:00Z", """{"a": {"b": {"c": {"d": {"e": {"f": 5}, "g": "h"}}}}}""")], ["[h] 5 x1"]),
        new("by customer", Count(), January + "&group_by=external_customer_id", [C("b"), C("B"), C("b"), C("b "), C("é"), C("😀")], ["B 1 x1", "b 2 x2", "b  1 x1", "é 1 x1", "😀 1 x1"]),
        new("one customer stands in the row", Count(), January + "&external_customer_id=b", [C("b"), C("B"), C("b")], ["b 2 x2"]),
        new("one customer without events", Count(), January + "&external_customer_id=nobody", [C("b")], ["nobody 0 x0"]),
        new("several customers have rows of their own", Count(), January + "&external_customer_id=b&external_customer_id=c&external_customer_id=d", [C("b"), C("c"), C("b"), C("x")], ["b 2 x2", "c 1 x1", "d 0 x0"]),
        new("customer and property", Sum("v"), January + "&group_by=external_customer_id,k&external_customer_id=b",
            [new("b", "2026-01-02T00:00:00Z", """{"v": 1, "k": "x"}"""), new("b", "2026-01-02T00:00:00Z", """{"v": 2}"""), new("c", "2026-01-02T00:00:00Z", """{"v": 4}""")], ["b [∅] 2 x1", "b [x] 1 x1"]),
        .. HostileNames.Select((name, i) => new UsageCase($"the name {JsonEncodedText.Encode(name)}", Sum(Path(name)),
            $"{January}&group_by={Url("o." + Path(name))}&filter[{Url(Path(name))}]={i}", Hostile(name, i), [$"[in {i}] {i} x1"])),
    ];

    private static CaseEvent[] Hostile(string name, int i)
    {
        var quoted = JsonSerializer.Serialize(name);
        var others = string.Join(", ", HostileNames.Where(n => n != name).Select(n => $"{JsonSerializer.Serialize(n)}: \"other\""));
        return [new("a", "2026-01-02T00:00:00Z", $"{{{quoted}: {i}, \"o\": {{{quoted}: \"in {i}\"}}}}"), new("a", "2026-01-02T00:00:00Z", $"{{{others}}}")];
    }

    private static string Path(string name) => name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(".", "\\.", StringComparison.Ordinal);

    private static string Url(string text) => Uri.EscapeDataString(text);

    private static CaseEvent P(string json) => new("a", "2026-01-02T00:00:00Z", $$"""{"k": {{json}}}""");

    private static CaseEvent C(string customer) => new(customer, "2026-01-02T00:00:00Z");
}

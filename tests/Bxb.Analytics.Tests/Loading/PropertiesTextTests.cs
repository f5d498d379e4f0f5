using System.Text;
using System.Text.Json;
using Bxb.Analytics.Loading.Rows;

namespace Bxb.Analytics.Tests.Loading;

public class PropertiesTextTests
{
    [Theory]
    [InlineData("{}", "{}")]
    [InlineData("""{"a": "x", "b": ""}""", """{"a":"x","b":""}""")]
    [InlineData("""{"n": 1.50, "m": -0, "t": true, "f": false}""", """{"n":"1.50","m":"-0","t":"true","f":"false"}""")]
    [InlineData("""{"n": 123456789012345678901234567890.12345678901234567890}""", """{"n":"123456789012345678901234567890.12345678901234567890"}""")]
    [InlineData("""{"z": null, "a": 1, "y": null}""", """{"a":"1"}""")]
    [InlineData("""{"z": null}""", "{}")]
    [InlineData("""{"a": {"b": {"c": 1}}, "d": 2}""", """{"a":{"b":{"c":"1"}},"d":"2"}""")]
    [InlineData("""{"e": {}, "a": {"b": {}, "c": {"d": null}}, "f": {"g": 1, "h": {}}, "i": {}}""", """{"f":{"g":"1"}}""")]
    [InlineData("""{"a": [], "b": [1, 2.0, "x\"y\\z", {"c": [null]}]}""", """{"a":"[]","b":"[1, 2.0, \"x\\\"y\\\\z\", {\"c\": [null]}]"}""")]
    [InlineData("""{"a": "q\"b\\s\/\n\u0001\u00e9"}""", """{"a":"q\"b\\s\/\n\u0001\u00e9"}""")]
    [InlineData("""{"a.b": 1, "a": {"b": 2}, "a%2Eb": 3, "%": 4, ".": 5}""", """{"a%2Eb":"1","a":{"b":"2"},"a%252Eb":"3","%25":"4","%2E":"5"}""")]
    [InlineData("""{"q\"b\\s\n.%": 1, "\u002e\u0025\u0001\u001f": 2}""", """{"q\"b\\s\n%2E%25":"1","%2E%25\u0001\u001f":"2"}""")]
    [InlineData("""{"é𝄞'": "é𝄞`'"}""", """{"é𝄞'":"é𝄞`'"}""")]
    [InlineData("""{"^`a`": 1, ":`Int64`": 2}""", """{"^%60a%60":"1",":%60Int64%60":"2"}""")]
    public void Each_value_becomes_its_text(string jsonb, string expected) => Write(jsonb).ShouldBe(expected);

    [Theory]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"a": 1""")]
    public void What_is_no_object_is_refused(string text) => Should.Throw<JsonException>(() => Write(text));

    [Fact]
    public void Depth_and_size_are_no_matter()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\": ", 100)) + "1" + new string('}', 100);
        Write(deep).ShouldBe(deep.Replace(" ", "", StringComparison.Ordinal).Replace("1", "\"1\"", StringComparison.Ordinal));
        var wide = "{" + string.Join(", ", Enumerable.Range(0, 10_000).Select(i => $"\"name{i}\": {i}")) + "}";
        Write(wide).ShouldBe("{" + string.Join(",", Enumerable.Range(0, 10_000).Select(i => $"\"name{i}\":\"{i}\"")) + "}");
    }

    [Fact]
    public void Whatever_the_document_the_values_are_those_of_the_log()
    {
        var seed = Random.Shared.Next();
        var documents = new HostileDocuments(new Random(seed));
        var writer = new PropertiesText();
        for (var i = 0; i < 2_000; i++)
        {
            var document = documents.Next();
            var written = Encoding.UTF8.GetString(writer.Write(Encoding.UTF8.GetBytes(document)));
            PropertyValues.OfColumn(written).ShouldBe(PropertyValues.OfLog(document), ignoreOrder: true, $"seed {seed}, document {document}");
        }
    }

    private static string Write(string jsonb) => Encoding.UTF8.GetString(new PropertiesText().Write(Encoding.UTF8.GetBytes(jsonb)));
}

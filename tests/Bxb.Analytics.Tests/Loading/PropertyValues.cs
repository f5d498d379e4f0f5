using System.Text.Json;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>The values of a document as usage queries read them: path and text, with paths escaped as in ClickHouse.</summary>
internal static class PropertyValues
{
    /// <summary>Reads the values of the log's jsonb text.</summary>
    internal static Dictionary<string, string> OfLog(string jsonb)
    {
        var values = new Dictionary<string, string>();
        using var document = JsonDocument.Parse(jsonb, new JsonDocumentOptions { MaxDepth = 200 });
        Add(values, "", document.RootElement, name => name.Replace("%", "%25", StringComparison.Ordinal).Replace(".", "%2E", StringComparison.Ordinal).Replace("`", "%60", StringComparison.Ordinal));
        return values;
    }

    /// <summary>Reads the values of a document sent to ClickHouse or read from it. All of them must be strings.</summary>
    internal static Dictionary<string, string> OfColumn(string json)
    {
        var values = new Dictionary<string, string>();
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 200 });
        foreach (var (path, value) in Strings("", document.RootElement))
        {
            values.Add(path, value);
        }

        return values;
    }

    private static IEnumerable<(string Path, string Value)> Strings(string prefix, JsonElement element) => element.EnumerateObject().SelectMany(m =>
        m.Value.ValueKind switch
        {
            JsonValueKind.Object => Strings(prefix + m.Name + ".", m.Value),
            JsonValueKind.String => [(prefix + m.Name, m.Value.GetString()!)],
            _ => throw new InvalidOperationException($"{m.Name} is {m.Value.ValueKind}"),
        });

    private static void Add(Dictionary<string, string> values, string prefix, JsonElement element, Func<string, string> escape)
    {
        foreach (var member in element.EnumerateObject())
        {
            var path = prefix + escape(member.Name);
            switch (member.Value.ValueKind)
            {
                case JsonValueKind.Null:
                    break;
                case JsonValueKind.Object:
                    Add(values, path + ".", member.Value, escape);
                    break;
                case JsonValueKind.String:
                    values.Add(path, member.Value.GetString()!);
                    break;
                default:
                    values.Add(path, member.Value.GetRawText());
                    break;
            }
        }
    }
}
